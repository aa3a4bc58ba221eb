import { expect, test } from "@jest/globals";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { createProtection } from "../../../lambda/steps/protection.ts";
import { aCustomer } from "./fake-ports.ts";

const CUSTOMERS: readonly CustomerFacts[] = [
  aCustomer("top"),
  { ...aCustomer("a"), parentCustomerId: "top" },
  { ...aCustomer("b"), parentCustomerId: "top" },
];
const ORDERED = "protected by the controls";
const heldFor = (id: string) => `Evo Voice may move its descendant ${id}, which is ${ORDERED}, along with it`;

function given(childrenFollow = true, unreadable: string[] = []) {
  const asked: string[] = [];
  const connection: Parameters<typeof createProtection>[0] = {
    listCustomers: async (ids) => {
      asked.push(ids.join());
      return CUSTOMERS.filter(({ id }) => ids.includes(id) && !unreadable.includes(id));
    },
    readCustomer: async (id) =>
      unreadable.includes(id) ? { reading: "unreadable", reason: "a row is broken" } : { reading: "missing" },
  };
  return { asked, protection: createProtection(connection, { childrenFollow }) };
}

test("covers who is protected by an order, and who is above them; one that is both is protected", async () => {
  const { protection } = given();

  expect(await protection.read(["a"])).toEqual(
    new Map([
      ["a", ORDERED],
      ["top", heldFor("a")],
    ]),
  );
  expect((await protection.read(["top", "a"])).get("top")).toBe(ORDERED);
});

test("asks only for those whom an order names for the first time, and forgets whom none names any more", async () => {
  const { protection, asked } = given();

  await protection.read(["a", "gone"]);
  await protection.read(["a", "gone", "b"]);
  const reasons = await protection.read(["b"]);

  expect(asked).toEqual(["a,gone", "top", "b", "top"]);
  expect(reasons).toEqual(
    new Map([
      ["b", ORDERED],
      ["top", heldFor("b")],
    ]),
  );
});

test("covers nobody else, and asks for nobody, where children do not follow", async () => {
  const { protection, asked } = given(false);

  expect(await protection.read(["a"])).toEqual(new Map([["a", ORDERED]]));
  expect(asked).toEqual([]);
});

test("one that cannot be read stays itself, keeps nobody from being covered, and is read again for the next batch", async () => {
  const unreadable = ["a"];
  const { protection } = given(true, unreadable);

  expect(await protection.read(["a", "b"])).toEqual(
    new Map([
      ["a", ORDERED],
      ["b", ORDERED],
      ["top", heldFor("b")],
    ]),
  );
  expect(["a", "b", "top"].map(protection.keeps)).toEqual([true, true, false]);
  unreadable.pop();
  expect((await protection.read(["a"])).get("top")).toBe(heldFor("a"));
});
