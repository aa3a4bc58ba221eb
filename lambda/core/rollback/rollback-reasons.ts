import type { RollbackReason, Sentences } from "../reason-types.ts";

export const ROLLBACK_SENTENCES: Sentences<RollbackReason> = {
  "never-flipped": () => "was never flipped",
  "moved-by-later-rollout": ({ rolloutId }) =>
    `the later rollout ${rolloutId} moved it to where it is; a rollback of ${rolloutId} restores it`,
  "moved-back-by-later-rollout": ({ rolloutId }) =>
    `the later rollout ${rolloutId} moved it back; after a rollback of ${rolloutId}, send this rollback again`,
  "moved-back": () => "was moved back already, by no rollout",
  "moved-again": () => "was moved back by a later rollout, and then again by no rollout",
  "may-be-restored": ({ why }, describe) => `may have been restored, look at this customer: ${describe(why)}`,
  "rollback-gave-up": ({ parts }) =>
    `Evo Voice answered no request in ${parts} parts in a row; when it answers again, send the rollback again: it continues`,
  "rollback-ended-early": ({ why }, describe) =>
    `the rollback ended before it had tried every customer: ${describe(why)}`,
  "rollback-not-counted": ({ why }, describe) =>
    `the customers that were not restored could not be counted: ${describe(why)}`,
};
