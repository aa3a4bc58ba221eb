import { ABSENT } from "../../../../lambda/ledger/table.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { NOW_MS, useTable } from "./use-table.ts";

const KEY = { pk: "rollout#night", sk: "record" };
const IS_NEW = { pk: ABSENT };

const { table, scan, listen } = useTable();

/** The reply of the first write of this kind is lost; the SDK sends it again. */
async function loseReplyOf(operation: string): Promise<{ readonly sent: () => number }> {
  let sent = 0;
  await listen((request) => {
    if (request.operation !== operation || request.phase !== "done") return undefined;
    sent += 1;
    return sent === 1 ? "lose" : undefined;
  });
  return { sent: () => sent };
}

describe("a conditional write", () => {
  test("writes only when its condition holds", async () => {
    expect(await table.putIf(KEY, { status: "running" }, IS_NEW)).toBe(true);
    expect(await table.putIf(KEY, { status: "failed" }, IS_NEW)).toBe(false);
    expect(await table.get(KEY)).toMatchObject({ status: "running" });
  });

  test("sets and removes attributes only when its condition holds", async () => {
    await table.put(KEY, { status: "running", revision: 1, extra: "x" });
    const isFirst = { revision: 1 };
    const change = { set: { revision: 2 }, remove: ["extra"] };

    expect(await table.updateIf(KEY, change, isFirst)).toBe(true);
    expect(await table.updateIf(KEY, { set: { revision: 9 } }, isFirst)).toBe(false);
    const item = await table.get(KEY);
    expect(item).toMatchObject({ status: "running", revision: 2 });
    expect(item).not.toHaveProperty("extra");
  });

  test.each([
    ["PutItem", () => table.putIf(KEY, { status: "running" }, IS_NEW)],
    ["UpdateItem", () => table.updateIf(KEY, { set: { status: "running" } }, IS_NEW)],
  ])("whose reply was lost counts as written when the SDK's repeat is refused (%s)", async (operation, write) => {
    const { sent } = await loseReplyOf(operation);

    expect(await write()).toBe(true);

    expect(sent()).toBe(2);
  });

  test("of another writer does not count as written when the reply was lost", async () => {
    await table.putIf(KEY, { status: "theirs" }, IS_NEW);
    await loseReplyOf("PutItem");

    expect(await table.putIf(KEY, { status: "ours" }, IS_NEW)).toBe(false);
    expect(await table.get(KEY)).toMatchObject({ status: "theirs" });
  });
});

test("an item that is put expires after 400 days, an item that is only updated never expires", async () => {
  await table.put(KEY, {});
  await table.putIf({ ...KEY, sk: "batch#00000000" }, {}, IS_NEW);
  await table.updateIf({ pk: "environment#e", sk: "controls" }, { set: { fence: 1 } }, IS_NEW);

  const expiresAt = NOW_MS / 1000 + 400 * 86_400;
  expect((await scan()).map((item) => [item.sk, item.expiresAt]).sort()).toEqual([
    ["batch#00000000", expiresAt],
    ["controls", undefined],
    ["record", expiresAt],
  ]);
});

test("a query gives every item of its prefix in order, over pages, with the named attributes", async () => {
  const body = "x".repeat(200_000);
  const keys = Array.from({ length: 12 }, (_, index) => `batch#${String(index).padStart(8, "0")}`);
  for (const sk of [...keys].reverse()) await table.put({ pk: "rollout#night", sk }, { sk2: sk, body });
  await table.put({ pk: "rollout#night", sk: "settled#00000000" }, { sk2: "another prefix" });
  await table.put({ pk: "rollout#noon", sk: "batch#00000000" }, { sk2: "another rollout" });

  const items: unknown[] = [];
  for await (const item of table.query({ pk: "rollout#night", sk: "batch#" }, ["sk2"])) items.push(item);

  expect(items).toEqual(keys.map((sk2) => ({ sk2 })));
});
