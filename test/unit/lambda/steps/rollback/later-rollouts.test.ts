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

/** The later rollouts of customer c. Each rollout, the oldest first, flipped it or, with `flipped: false`, may have. */
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
  ["no rollout", [aStage()], undefined],
  ["no rollout, when a promote came before the stage", [aPromote(), aStage()], undefined],
  ["a promote", [aStage(), aPromote()], byPromote],
  ["no rollout, after the promote was rolled back", [aStage(), aPromote({ rollback: restored })], undefined],
  ["a promote that may be back", [aStage(), aPromote({ restoring: true })], { ...byPromote, mayBeBack: true }],
  [
    "a promote, when its rollback had a conflict",
    [aStage(), aPromote({ rollback: { outcome: "skipped", reason: { code: "moved-back" } } })],
    byPromote,
  ],
  ["no rollout for sure, when the promote was only intended", [aStage(), aPromote({ flipped: false })], undefined],
  [
    "a promote, or a later rollout that was only intended",
    [aStage(), aPromote(), aPromote({ rolloutId: "lost", flipped: false })],
    { ...byPromote, isSure: false },
  ],
  ["the last of two promotes", [aStage(), aPromote({ rolloutId: "first" }), aPromote()], byPromote],
  [
    "the first of two promotes, after the last was rolled back",
    [aStage(), aPromote(), aPromote({ rolloutId: "last", rollback: restored })],
    byPromote,
  ],
  ["no rollout, when a later stage moved it again", [aStage(), aPromote(), aStage({ rolloutId: "again" })], undefined],
  [
    "a promote, after that later stage was rolled back",
    [aStage(), aPromote(), aStage({ rolloutId: "again", rollback: restored })],
    byPromote,
  ],
])("a staged customer was moved away by %s", async (_by, rollouts, away) => {
  const later = await open(rollouts);

  expect(later.movedAwayBy("stage", "c")).toEqual(away);
  expect(later.movedAwayBy("stage", "other")).toBeUndefined();
});

test("for a rollout that is no longer listed, the move of its customers is not sure", async () => {
  const rollouts = [aStage(), aPromote()];
  const [known, unknown] = [await open(rollouts), await open(rollouts, [aPromote()])];

  expect([known, unknown].map((later) => later.knowsLater("stage"))).toEqual([true, false]);
  expect(unknown.movedAwayBy("stage", "c")).toEqual({ ...byPromote, isSure: false });
});
