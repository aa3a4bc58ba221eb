import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { readLaterRollouts } from "../../../../../lambda/steps/rollback/later-rollouts.ts";
import { expect, test } from "../../../../support/jest.ts";

interface Done {
  readonly rolloutId: string;
  readonly outcome?: OutcomeKind;
  readonly rollback?: OutcomeKind;
}

const outcomeOf = (outcome: OutcomeKind): Outcome => ({
  ...{ customerId: "c", name: "", outcome },
  reason: { code: "confirmed-by-reply" },
});

/** Which rollout moved customer c after the rollout `ours`; the rollouts are listed oldest first. */
async function findMover(rollouts: readonly Done[], listed = rollouts): Promise<string | undefined> {
  const ledger = {
    findFlips: async () => listed.map(({ rolloutId }) => ({ rolloutId, action: "stage" as const })).toReversed(),
    async *readBatches(id: string) {
      const { outcome = "flipped", rollback } = rollouts.find(({ rolloutId }) => rolloutId === id) ?? {};
      yield {
        ...{ customers: [{ id: "c", name: "" }], intended: [], restoring: [] },
        outcomes: [outcomeOf(outcome)],
        rollback: rollback === undefined ? [] : [outcomeOf(rollback)],
      };
    },
  };
  const source = { rollouts: [{ rolloutId: "ours", batches: 1 }], action: "stage" as const, release: "2026.11" };
  const later = await readLaterRollouts(ledger, source);
  await later.load();
  expect(later.movedLaterBy("ours", "other")).toBeUndefined();
  return later.movedLaterBy("ours", "c");
}

const OURS: Done = { rolloutId: "ours" };
const LATER: Done = { rolloutId: "later" };

test.each<[what: string, rollouts: readonly Done[], by: string | undefined]>([
  ["no rollout", [OURS], undefined],
  ["no rollout, because the other one came before", [{ rolloutId: "earlier" }, OURS], undefined],
  ["the later rollout", [OURS, LATER], "later"],
  ["no rollout, once the later one is rolled back", [OURS, { ...LATER, rollback: "flipped" }], undefined],
  ["the later rollout, when its rollback left the customer alone", [OURS, { ...LATER, rollback: "skipped" }], "later"],
  ["no rollout, when the later one failed to flip it", [OURS, { ...LATER, outcome: "failed" }], undefined],
  ["the newest of two", [OURS, { rolloutId: "first" }, LATER], "later"],
  [
    "the older of two, once the newest is rolled back",
    [OURS, LATER, { rolloutId: "last", rollback: "flipped" }],
    "later",
  ],
])("a customer was moved since by %s", async (_what, rollouts, by) => {
  expect(await findMover(rollouts)).toBe(by);
});

test("every listed rollout is later than a rollout that is no longer listed", async () => {
  expect(await findMover([OURS, LATER], [LATER])).toBe("later");
});
