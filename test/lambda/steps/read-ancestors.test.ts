import { describe, expect, test } from "@jest/globals";
import { FinalError } from "../../../lambda/rollout/final-error.ts";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { readAncestors } from "../../../lambda/steps/read-ancestors.ts";
import { aCustomer } from "./fake-ports.ts";

/** An Evo Voice with these customers; `unlisted` only answer when they are asked for alone, `mute` not even then. */
function given(
  customers: readonly CustomerFacts[],
  { unlisted = [], mute = [] }: { readonly unlisted?: readonly string[]; readonly mute?: readonly string[] } = {},
) {
  const asked: string[] = [];
  const find = (id: string) => customers.find((customer) => customer.id === id);
  const reader: Parameters<typeof readAncestors>[0] = {
    listCustomers: async (ids) => {
      asked.push(ids.length > 3 ? `${ids.length} ids` : ids.join());
      return ids.flatMap((id) => (unlisted.includes(id) || mute.includes(id) ? [] : (find(id) ?? [])));
    },
    readCustomer: async (id) => {
      asked.push(`${id} alone`);
      if (mute.includes(id)) return { reading: "unreadable", reason: "it was answered with 500" };
      const customer = find(id);
      return customer === undefined ? { reading: "missing" } : { reading: "found", customer };
    },
  };
  const read = async (...ids: readonly string[]) =>
    new Map(
      (await readAncestors(reader, ids)).map(({ customer, ancestorIds }) => [customer.id, [...ancestorIds].sort()]),
    );
  return { asked, read };
}

const below = (id: string, parentCustomerId: string, ancestorIds?: readonly string[]): CustomerFacts => ({
  ...aCustomer(id),
  parentCustomerId,
  ...(ancestorIds !== undefined && { ancestorIds }),
});

describe("the ancestors of a customer", () => {
  test("are those of a whole breadcrumb, without another request", async () => {
    const { read, asked } = given([below("c", "b", ["a", "b"]), below("b", "a", ["a"]), aCustomer("a")]);

    expect(await read("c")).toEqual(new Map([["c", ["a", "b"]]]));
    expect(asked).toEqual(["c"]);
  });

  test.each([
    ["none", undefined],
    ["an empty one", []],
    ["one without the parent", ["a"]],
  ])("are found parent by parent where the breadcrumb is %s", async (_what, breadcrumb) => {
    const { read, asked } = given([below("c", "b", breadcrumb), below("b", "a"), aCustomer("a")]);

    expect(await read("c")).toEqual(new Map([["c", ["a", "b"]]]));
    expect(asked).toEqual(["c", "b", "a"]);
  });

  test("are nobody of a customer without a parent, and of one who is gone", async () => {
    const { read } = given([aCustomer("a")]);

    expect(await read("a", "gone")).toEqual(new Map([["a", []]]));
  });

  test("count though Evo Voice does not have them any more", async () => {
    const { read } = given([below("c", "gone")]);

    expect(await read("c")).toEqual(new Map([["c", ["gone"]]]));
  });

  test("come to an end when parents go round in a circle", async () => {
    const { read } = given([below("a", "b"), below("b", "c"), below("c", "a")]);

    expect(await read("a")).toEqual(new Map([["a", ["b", "c"]]]));
  });

  test("are read alone where the list leaves them out", async () => {
    const { read, asked } = given([below("c", "b"), aCustomer("b")], { unlisted: ["b"] });

    expect(await read("c")).toEqual(new Map([["c", ["b"]]]));
    expect(asked).toEqual(["c", "b", "b alone"]);
  });

  test.each(["c", "b"])("are not guessed when %s cannot be read", async (mute) => {
    const { read } = given([below("c", "b"), aCustomer("b")], { mute: [mute] });

    await expect(read("c")).rejects.toThrow(FinalError);
    await expect(read("c")).rejects.toThrow(
      new RegExp(`customer ${mute}, who must .* cannot be read.*: it was answered with 500`),
    );
  });

  test("of a thousand customers are listed a hundred at a time", async () => {
    const customers = Array.from({ length: 250 }, (_, index) => below(`c-${index}`, "top", ["top"]));
    const { read, asked } = given([...customers, aCustomer("top")]);

    expect((await read(...customers.map(({ id }) => id))).size).toBe(250);
    expect(asked).toEqual(["100 ids", "100 ids", "50 ids"]);
  });

  test("of nobody are asked of nobody", async () => {
    const { read, asked } = given([]);

    expect((await read()).size).toBe(0);
    expect(asked).toEqual([]);
  });
});
