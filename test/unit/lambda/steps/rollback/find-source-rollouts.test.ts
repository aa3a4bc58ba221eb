import type { DeployEvent } from "../../../../../lambda/contract/deploy-event.ts";
import type { RolloutRecord } from "../../../../../lambda/core/rollout-record.ts";
import { findSourceRollouts } from "../../../../../lambda/steps/rollback/find-source-rollouts.ts";
import { expect, test } from "../../../../support/jest.ts";

const PLAN = { hash: "", flip: 1, unchanged: 0, skipped: 0, batches: 1, settledItems: 0, waves: [] };
const IDENTITY = { rolloutId: "night", fingerprint: "f", execution: "arn:night" };
const RECORD = { ...IDENTITY, startedAtMs: 1, status: "succeeded" } as const;
const ROLLBACK: DeployEvent = { action: "rollback", rolloutId: "night", dryRun: false };

function find(record: Partial<RolloutRecord>) {
  const found = { ...RECORD, event: ROLLBACK, ...record };
  const ledger = {
    findRollout: async () => found,
    findRollouts: async () => [],
    getBatch: () => Promise.reject(new Error("no batch is needed")),
  };
  return findSourceRollouts(ledger, ROLLBACK);
}

test.each<[what: string, record: Partial<RolloutRecord>, problem: object]>([
  ["is a rollback", {}, { code: "is-rollback", rolloutId: "night" }],
  [
    "was never planned",
    { event: { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false } },
    { code: "never-began", rolloutId: "night" },
  ],
  [
    "is a retry of a rollout that the ledger does not name",
    { event: { action: "retry", rolloutId: "evening", dryRun: false }, plan: PLAN },
    { code: "unknown-source", rolloutId: "night" },
  ],
])("refuses a rollback of a rollout that %s", async (_what, record, problem) => {
  expect(await find(record)).toEqual({ problem });
});

test("by its release, passes over a newer rollout that began and flipped no customer", async () => {
  const event: DeployEvent = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false };
  const outcomeOf: Readonly<Record<string, "flipped" | "skipped">> = { noon: "skipped", night: "flipped" };
  const found = await findSourceRollouts(
    {
      findRollout: async (rolloutId) => ({ ...RECORD, rolloutId, event, plan: PLAN }),
      findRollouts: async () => ["noon", "night"],
      getBatch: async (rolloutId, index) => ({
        ...{ rolloutId, index, revision: 1, customers: [], intended: [], rollback: [], restoring: [] },
        outcomes: [
          {
            customerId: "a",
            name: "A",
            outcome: outcomeOf[rolloutId] ?? "failed",
            reason: { code: "confirmed-after-restart" },
          },
        ],
      }),
    },
    { action: "rollback", release: "2026.11", dryRun: false },
  );

  expect(found).toMatchObject({ source: { rollouts: [{ rolloutId: "night", batches: 1 }], release: "2026.11" } });
});
