import { parsePolicy } from "../../../../../lambda/config.ts";
import type { CustomerPage, PageRequest } from "../../../../../lambda/core/lookup/customer-query.ts";
import { readLeftOut } from "../../../../../lambda/steps/plan/check-descendants.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { wavesFor } from "../../core/a-customer.ts";
import { aCustomer, aRollout } from "../fake-ports.ts";

const PARENTS = Array.from({ length: 150 }, (_, index) => `p-${index}`);

/** Checks a plan of 150 parents against what is listed below them. */
async function check(childIds: readonly string[], { policy = {}, answer }: Given = {}) {
  const asked: PageRequest[] = [];
  const readPage = async (request: PageRequest): Promise<CustomerPage> => {
    asked.push(request);
    const { query, page, pageSize } = request;
    const parentIds = query.kind === "children" ? query.parentCustomerIds : [];
    const below = childIds.filter((_, index) => parentIds.includes(PARENTS[index % PARENTS.length] ?? ""));
    const shown = below.slice(page * pageSize, (page + 1) * pageSize);
    const customers = shown.map((id) => ({ ...aCustomer(id), parentCustomerId: parentIds[0] }));
    return answer?.(customers, page) ?? { customers, total: below.length, totalPages: undefined };
  };
  const waves = wavesFor(PARENTS.map((id) => aCustomer(id)));
  const usual = { baseUrl: "https://evovoice.example.com", accountIds: ["account"], childrenFollow: true };
  const ports = { policy: parsePolicy({ ...usual, ...policy }) };
  const problem = await readLeftOut(ports, aRollout("night"), { waves, connection: { readPage } });
  return { problem, asked };
}

interface Given {
  readonly policy?: object;
  readonly answer?: (customers: CustomerPage["customers"], page: number) => CustomerPage | undefined;
}

describe("with childrenFollow", () => {
  test("the descendants of a hundred planned customers are listed with one request", async () => {
    const { problem, asked } = await check([]);

    expect(problem).toBeUndefined();
    expect(asked.map(({ query }) => query.kind === "children" && query.parentCustomerIds.length)).toEqual([100, 50]);
  });

  test("every page is read, and each descendant that is left out is counted once", async () => {
    const { problem } = await check(Array.from({ length: 700 }, (_, index) => `c-${index}`));

    expect(problem).toMatchObject({ code: "descendants-left-out" });
    expect(problem).toHaveProperty("descendants.length", 700);
  });

  test.each<[what: string, answer: NonNullable<Given["answer"]>]>([
    ["fewer are listed than counted", (customers) => ({ customers, total: 901, totalPages: undefined })],
    [
      "the same page comes again and again",
      (customers, page) => (page === 0 ? undefined : { customers: [], total: customers.length + 900, totalPages: 9 }),
    ],
  ])("no plan is accepted when %s", async (_what, answer) => {
    const children = Array.from({ length: 450 }, (_, index) => `c-${index}`);

    const refusal = { reasons: [{ code: "descendants-not-listed" }] };
    await expect(check(children, { answer })).rejects.toMatchObject(refusal);
  });
});

test("without childrenFollow no descendant is asked for", async () => {
  const { problem, asked } = await check(["c-1"], { policy: { childrenFollow: false } });

  expect([problem, asked]).toEqual([undefined, []]);
});
