import { FinalError } from "../../../../lambda/core/final-error.ts";
import { NO_COUNTS, type Outcome } from "../../../../lambda/core/flip/outcome.ts";
import type { FoundPages } from "../../../../lambda/core/lookup/customer-query.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import type { RolloutRecord } from "../../../../lambda/core/rollout-record.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { useTable } from "./use-table.ts";

const RECORD: RolloutRecord = {
  rolloutId: "night",
  fingerprint: "f",
  execution: "arn:night",
  event: { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false },
  startedAtMs: 1,
  status: "running",
};
const REPORT: Report = {
  rolloutId: "night",
  action: "promote",
  release: "2026.11",
  status: "succeeded",
  dryRun: false,
  counts: NO_COUNTS,
  exceptions: [],
  moreExceptions: 0,
  startedAt: "2026-11-23T02:00:00Z",
  durationMs: 1,
};
const CUSTOMERS = ["a", "b", "c"].map((id) => ({ id, name: `Customer ${id}`, referenceId: `REF-${id}` }));

const { ledger, scan, putRaw } = useTable();

function anOutcome(customerId: string, outcome: Outcome["outcome"] = "flipped"): Outcome {
  const named = { name: `Customer ${customerId}`, referenceId: `REF-${customerId}` };
  return { customerId, ...named, outcome, reason: { code: "confirmed-by-reply" } };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("the record of a rollout", () => {
  test("is written once; a later writer gets the existing record", async () => {
    expect(await ledger.createRollout(RECORD)).toEqual(RECORD);
    expect(await ledger.createRollout({ ...RECORD, execution: "arn:other" })).toEqual(RECORD);
    expect(await ledger.findRollout("noon")).toBeUndefined();
  });

  test("gets its report at the end", async () => {
    await ledger.createRollout(RECORD);
    await ledger.endRollout("night", REPORT);

    expect(await ledger.findRollout("night")).toEqual({ ...RECORD, status: "succeeded", report: REPORT });
  });

  test("of a waiting rollout gets its source when the rollout has the lock", async () => {
    const source = {
      rollouts: [{ rolloutId: "evening", batches: 2 }],
      action: "promote",
      release: "2026.11",
    } as const;
    await ledger.createRollout({ ...RECORD, status: "waiting" });
    await ledger.stopWaiting("night", source);
    await ledger.stopWaiting("night", undefined);

    expect(await ledger.findRollout("night")).toEqual({ ...RECORD, status: "running", source });
  });

  test("of a crashed rollout says that it failed and what to do", async () => {
    await ledger.createRollout(RECORD);
    await ledger.abandonRollout(RECORD);

    expect(await ledger.findRollout("night")).toMatchObject({
      ...RECORD,
      status: "failed",
      problem: { code: "abandoned" },
    });
  });

  test("is not abandoned when it has ended, has another execution or does not exist", async () => {
    await ledger.abandonRollout(RECORD);
    await ledger.createRollout(RECORD);
    await ledger.abandonRollout({ ...RECORD, execution: "arn:other" });
    expect(await ledger.findRollout("night")).toEqual(RECORD);
    await ledger.endRollout("night", REPORT);
    await ledger.abandonRollout(RECORD);

    expect(await ledger.findRollout("night")).toMatchObject({ status: "succeeded" });
  });
});

describe("a batch", () => {
  test("keeps intentions and outcomes", async () => {
    await ledger.putBatch("night", 0, CUSTOMERS);
    const planned = await ledger.getBatch("night", 0);
    expect(planned).toEqual({
      rolloutId: "night",
      index: 0,
      customers: CUSTOMERS,
      intended: [],
      outcomes: [],
      restoring: [],
      rollback: [],
      revision: 0,
    });

    await ledger.recordBatch({ ...planned, intended: ["b"], outcomes: [anOutcome("a", "unchanged")] });

    expect(await ledger.getBatch("night", 0)).toEqual({
      ...planned,
      intended: ["b"],
      outcomes: [anOutcome("a", "unchanged")],
      revision: 1,
    });
  });

  test("forgets the intended restores, and their rollback, when no restore began", async () => {
    await ledger.putBatch("night", 0, CUSTOMERS);
    const planned = await ledger.getBatch("night", 0);
    const intended = await ledger.recordBatch({ ...planned, restoring: ["a", "b"], rolledBackBy: "back" });

    await ledger.recordBatch({ ...intended, restoring: [], rolledBackBy: "back" });

    const nothing = { restoring: [], rollback: [], rolledBackBy: undefined };
    expect(await ledger.getBatch("night", 0)).toMatchObject(nothing);
  });

  test("with outcomes is not planned again", async () => {
    await ledger.putBatch("night", 0, CUSTOMERS);
    await ledger.recordBatch({ ...(await ledger.getBatch("night", 0)), outcomes: [anOutcome("a")] });
    await ledger.putBatch("night", 0, CUSTOMERS);

    expect((await ledger.getBatch("night", 0)).outcomes).toEqual([anOutcome("a")]);
  });

  test("is recorded by one of two workers; the other is refused and may try again", async () => {
    await ledger.putBatch("night", 0, CUSTOMERS);
    const read = await ledger.getBatch("night", 0);

    const both = await Promise.allSettled(
      ["a", "b"].map((id) => ledger.recordBatch({ ...read, outcomes: [anOutcome(id)] })),
    );

    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refusal = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
    expect(refusal.reason).not.toBeInstanceOf(FinalError);
    expect(refusal.reason.message).toMatch(/batch 0 of rollout night was written by another execution/);
  });

  test("keeps an outcome and a reason for each customer, in any order", async () => {
    await ledger.putBatch("night", 0, CUSTOMERS);
    const outcomes = [
      { ...anOutcome("c", "failed"), reason: { code: "no-answer", operation: "flip", why: "ECONNRESET" } } as const,
      anOutcome("a"),
      { ...anOutcome("b"), reason: { code: "confirmed-after-restart" } } as const,
    ];
    await ledger.recordBatch({ ...(await ledger.getBatch("night", 0)), intended: ["c", "a"], outcomes });

    expect(await ledger.getBatch("night", 0)).toMatchObject({ intended: ["c", "a"], outcomes });
    expect((await collect(ledger.readOutcomes("night"))).flat()).toEqual(outcomes);
  });

  test.each([{ intended: ["z"] }, { outcomes: [anOutcome("z")] }])(
    "accepts only its own customers: %j",
    async (wrong) => {
      await ledger.putBatch("night", 0, CUSTOMERS);
      const batch = { ...(await ledger.getBatch("night", 0)), ...wrong };

      await expect(ledger.recordBatch(batch)).rejects.toThrow("customer z is not in this batch");
    },
  );

  test("that was never planned cannot be read", async () => {
    await expect(ledger.getBatch("night", 7)).rejects.toThrow(/no batch 7 of rollout night/);
  });

  test("gives its outcomes after those of the plan, over pages of 1 MB", async () => {
    const many = Array.from({ length: 15 }, (_, index) => index);
    await ledger.putSettled("night", 0, [anOutcome("settled", "unchanged")]);
    for (const index of many) {
      const id = `customer-${index}`;
      await ledger.putBatch("night", index, [...CUSTOMERS, { id, name: `Customer ${id}` }]);
      const long = { ...anOutcome(id), reason: { code: "bad-secret", problem: "x".repeat(100_000) } } as const;
      await ledger.recordBatch({ ...(await ledger.getBatch("night", index)), outcomes: [long] });
    }

    const ids = (await collect(ledger.readOutcomes("night"))).flat().map(({ customerId }) => customerId);

    expect(ids).toEqual(["settled", ...many.map((index) => `customer-${index}`)]);
  });
});

test("a lookup keeps passes and queries apart, and returns customers in order", async () => {
  const window = (query: number, pass: number, page: number): FoundPages => ({
    query,
    pass,
    page,
    idHashes: Uint8Array.of(query, pass, page),
    customers: [
      {
        id: `${query}-${pass}-${page}`,
        name: "Ärzte",
        isStaging: undefined,
        skip: { code: "excluded" },
      },
    ],
    references: [["ref", "id"]],
  });
  for (const page of [110, 9, 0]) await ledger.putFound("night", window(0, 1, page));
  await ledger.putFound("night", window(0, 2, 0));
  await ledger.putFound("night", window(1, 1, 0));

  expect(await collect(ledger.readFound("night", 0, 1))).toEqual(
    [0, 9, 110].map((page) => ({
      customers: window(0, 1, page).customers,
      references: [["ref", "id"]],
    })),
  );
  expect(await collect(ledger.readIdHashes("night", 0, 2))).toEqual([Uint8Array.of(0, 2, 0)]);
});

test("a lookup returns every member of its customers", async () => {
  const plain = { id: "c-1", name: "Acme", isStaging: true };
  const customers = [
    plain,
    { ...plain, referenceId: "REF-000001" },
    { ...plain, ancestorIds: ["c-9", "c-8"], isStaging: false },
    { ...plain, cohortWave: 2 },
    { ...plain, skip: { code: "excluded" } as const },
    { ...plain, skip: { code: "excluded" } as const, cohortWave: 1 },
  ];
  await ledger.putFound("night", {
    ...{ query: 0, pass: 1, page: 0, idHashes: Uint8Array.of(1) },
    customers,
    references: [],
  });

  const [found] = await collect(ledger.readFound("night", 0, 1));

  expect(found?.customers).toEqual(customers);
});

test("a window of a lookup has as many items as it needs, and hides its old items", async () => {
  const window = (rows: number, name: string): FoundPages => ({
    ...{ query: 0, pass: 1, page: 7, idHashes: Buffer.alloc(rows * 8, name) },
    customers: Array.from({ length: rows }, (_, index) => ({
      id: `c-${index}`,
      name,
      isStaging: true,
    })),
    references: Array.from({ length: rows }, (_, index) => [`ref-${index}`, `c-${index}`] as const),
  });
  const next = { ...window(1, "next"), page: 8 };
  await ledger.putFound("night", next);

  for (const pages of [
    window(3_000, '"'.repeat(255)),
    window(1_500, "電".repeat(85)),
    window(3, "Acme"),
    window(0, "a"),
  ]) {
    await ledger.putFound("night", pages);
    const found = await collect(ledger.readFound("night", 0, 1));
    expect(found.flatMap(({ customers }) => customers)).toEqual([...pages.customers, ...next.customers]);
    expect(found.flatMap(({ references }) => references)).toEqual([...pages.references, ...next.references]);
    const hashes = Buffer.concat(await collect(ledger.readIdHashes("night", 0, 1)));
    expect(hashes.equals(Buffer.concat([pages.idHashes, next.idHashes]))).toBe(true);
  }
});

test("the attempts of a step are counted until the step makes progress", async () => {
  const count = (step: string, mark: string) => ledger.countStepAttempt("night", step, mark);

  expect([await count("flip", "batch 0"), await count("flip", "batch 0"), await count("plan", "item 0")]).toEqual([
    1, 2, 1,
  ]);
  expect([await count("flip", "batch 1"), await count("flip", "batch 1")]).toEqual([1, 2]);
});

test.each([
  ["an item of a later version", { schemaVersion: 2 }, "2"],
  ["an item without a version", {}, "(none)"],
])("%s is refused, with its key and its version", async (_what, version, shown) => {
  await putRaw({ pk: "rollout#night", sk: "record", ...version });

  await expect(ledger.findRollout("night")).rejects.toMatchObject({
    reasons: [{ code: "unknown-schema", item: "rollout#night record", version: shown }],
  });
});

test("every item of a rollout expires, and has its schema version", async () => {
  await ledger.createRollout(RECORD);
  await ledger.putBatch("night", 0, CUSTOMERS);
  await ledger.recordBatch(await ledger.getBatch("night", 0));
  await ledger.putSettled("night", 0, []);
  await ledger.countStepAttempt("night", "plan", "item 0");
  await ledger.putFound("night", {
    query: 0,
    pass: 1,
    page: 0,
    idHashes: Uint8Array.of(1),
    customers: [],
    references: [],
  });
  await ledger.endRollout("night", REPORT);

  const items = await scan();
  expect(items).toHaveLength(6);
  for (const item of items) expect(item).toMatchObject({ expiresAt: expect.any(Number), schemaVersion: 1 });
});
