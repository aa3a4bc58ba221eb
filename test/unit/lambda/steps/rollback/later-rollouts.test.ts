import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { readLaterRollouts } from "../../../../../lambda/steps/rollback/later-rollouts.ts";
import { expect, test } from "../../../../support/jest.ts";

interface Done {
  readonly rolloutId: string;
  /** @default "stage", as the rollout that is rolled back */
  readonly action?: "stage" | "promote";
  readonly outcome?: OutcomeKind | "in doubt" | "only intended";
  readonly rollback?: OutcomeKind;
}

const outcomeOf = (outcome: OutcomeKind): Outcome => {
  return { customerId: "c", name: "", outcome, reason: { code: "confirmed-by-reply" } };
};
const IN_DOUBT: Outcome = { ...outcomeOf("failed"), reason: { code: "unanswered" } };

/** Which rollout moved customer c after the rollout `ours`; the rollouts are listed oldest first. */
async function findMover(rollouts: readonly Done[], listed = rollouts): Promise<string | undefined> {
  const ledger = {
    findFlips: async () => listed.map(({ rolloutId, action = "stage" }) => ({ rolloutId, action })).toReversed(),
    async *readBatches(id: string) {
      const { outcome = "flipped", rollback } = rollouts.find(({ rolloutId }) => rolloutId === id) ?? {};
      yield {
        ...{ customers: [{ id: "c", name: "" }], restoring: [] },
        intended: outcome === "only intended" ? ["c"] : [],
        outcomes: outcome === "only intended" ? [] : [outcome === "in doubt" ? IN_DOUBT : outcomeOf(outcome)],
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
const DOUBTED: Done = { ...LATER, outcome: "in doubt" };

test.each<[what: string, rollouts: readonly Done[], by: string | undefined]>([
  ["no rollout", [OURS], undefined],
  ["no rollout, because the other one came before", [{ rolloutId: "earlier" }, OURS], undefined],
  ["the later rollout", [OURS, LATER], "later"],
  ["no rollout, once the later one is rolled back", [OURS, { ...LATER, rollback: "flipped" }], undefined],
  ["the later rollout, when its rollback left the customer alone", [OURS, { ...LATER, rollback: "skipped" }], "later"],
  ["no rollout, when the later one failed to flip it", [OURS, { ...LATER, outcome: "failed" }], undefined],
  ["the later rollout, when that may have flipped it", [OURS, { ...LATER, outcome: "in doubt" }], "later"],
  ["the later rollout, when that died with its request", [OURS, { ...LATER, outcome: "only intended" }], "later"],
  ["no rollout, once the doubtful one is rolled back", [OURS, { ...DOUBTED, rollback: "flipped" }], undefined],
  ["no rollout, once a newer is rolled back with the later", [OURS, { ...DOUBTED, rollback: "unchanged" }], undefined],
  // Writing the original flag is then what both want.
  ["no rollout, when the later may have flipped it back", [OURS, { ...DOUBTED, action: "promote" }], undefined],
  ["the later rollout, when that flipped it the other way", [OURS, { ...LATER, action: "promote" }], "later"],
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
