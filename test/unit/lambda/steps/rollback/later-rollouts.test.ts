import { expect, test } from "@jest/globals";
import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import type { MovedAway } from "../../../../../lambda/core/rollback/settle-before-rollback.ts";
import { type LaterRollouts, readLaterRollouts } from "../../../../../lambda/steps/rollback/later-rollouts.ts";

interface Done {
  readonly rolloutId: string;
  readonly action?: "stage" | "promote";
  readonly flipped?: boolean;
  readonly restoring?: boolean;
  readonly rollback?: Pick<Outcome, "outcome" | "reason">;
}

const restored = { outcome: "flipped", reason: { code: "confirmed-by-reply" } } as const;
const aStage = (done: Partial<Done> = {}): Done => ({ rolloutId: "stage", action: "stage", ...done });
const aPromote = (done: Partial<Done> = {}): Done => ({ rolloutId: "promote", ...done });

/** What is known of customer c, whom each of these rollouts flipped or, without its word, may have; the oldest first. */
async function open(rollouts: readonly Done[], listed = rollouts): Promise<LaterRollouts> {
  const outcomeOf = (outcome: OutcomeKind, reason: Reason = { code: "confirmed-by-reply" }): Outcome => ({
    customerId: "c",
    name: "",
    outcome,
    reason,
  });
  const ledger = {
    findFlips: async () =>
      listed.map(({ rolloutId, action = "promote" as const }) => ({ rolloutId, action })).toReversed(),
    async *readBatches(id: string) {
      const { flipped = true, restoring = false, rollback } = rollouts.find(({ rolloutId }) => rolloutId === id) ?? {};
      yield {
        customers: [{ id: "c", name: "" }],
        intended: flipped ? [] : ["c"],
        outcomes: flipped ? [outcomeOf("flipped")] : [],
        restoring: restoring ? ["c"] : [],
        rollback: rollback === undefined ? [] : [outcomeOf(rollback.outcome, rollback.reason)],
      };
    },
  };
  const source = { rollouts: [{ rolloutId: "stage", batches: 1 }], action: "stage" as const, release: "2026.11" };
  const later = await readLaterRollouts(ledger, source);
  await later.load();
  return later;
}

const byPromote: MovedAway = { rolloutId: "promote", mayBeBack: false, isSure: true };

test.each<[what: string, rollouts: readonly Done[], away: MovedAway | undefined]>([
  ["nobody", [aStage()], undefined],
  ["nobody, before it was staged", [aPromote(), aStage()], undefined],
  ["a promote", [aStage(), aPromote()], byPromote],
  ["nobody any more, once the promote is turned back", [aStage(), aPromote({ rollback: restored })], undefined],
  ["a promote that may be back", [aStage(), aPromote({ restoring: true })], { ...byPromote, mayBeBack: true }],
  [
    "a promote whose rollback left it alone",
    [aStage(), aPromote({ rollback: { outcome: "skipped", reason: { code: "moved-back" } } })],
    byPromote,
  ],
  ["nobody by the ledger's word", [aStage(), aPromote({ flipped: false })], undefined],
  [
    "a promote, or one that may have",
    [aStage(), aPromote(), aPromote({ rolloutId: "lost", flipped: false })],
    { ...byPromote, isSure: false },
  ],
  ["the last of two promotes", [aStage(), aPromote({ rolloutId: "first" }), aPromote()], byPromote],
  [
    "the first of two promotes, once the last is turned back",
    [aStage(), aPromote(), aPromote({ rolloutId: "last", rollback: restored })],
    byPromote,
  ],
  ["nobody, where a later stage put it again", [aStage(), aPromote(), aStage({ rolloutId: "again" })], undefined],
  [
    "a promote, once that later stage is turned back",
    [aStage(), aPromote(), aStage({ rolloutId: "again", rollback: restored })],
    byPromote,
  ],
])("a customer that was staged was moved away since by %s", async (_who, rollouts, away) => {
  const later = await open(rollouts);

  expect(later.movedAwayBy("stage", "c")).toEqual(away);
  expect(later.movedAwayBy("stage", "other")).toBeUndefined();
});

test("of a rollout that is not listed any more it is not sure who has moved its customers since", async () => {
  const rollouts = [aStage(), aPromote()];
  const [known, unknown] = [await open(rollouts), await open(rollouts, [aPromote()])];

  expect([known, unknown].map((later) => later.knowsLater("stage"))).toEqual([true, false]);
  expect(unknown.movedAwayBy("stage", "c")).toEqual({ ...byPromote, isSure: false });
});
