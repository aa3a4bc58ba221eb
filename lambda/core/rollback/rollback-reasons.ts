import type { RollbackReason, Sentences } from "../reason-types.ts";

export const ROLLBACK_SENTENCES: Sentences<RollbackReason> = {
  "moved-by-later-rollout": ({ rolloutId }) =>
    `the later rollout ${rolloutId} moved it or may have moved it; after a rollback of ${rolloutId}, send this rollback again`,
  "restored-with-newer": () => "restored as a customer of a newer rollout of this rollback",
  "may-be-restored": ({ why }, describe) => `may have been restored, look at this customer: ${describe(why)}`,
  "rollback-gave-up": ({ parts }) =>
    `Evo Voice answered no request in ${parts} parts in a row; when it answers again, send the rollback again: it continues`,
  "rollback-ended-early": ({ why }, describe) =>
    `the rollback ended before it had tried every customer: ${describe(why)}`,
  "rollback-not-verified": ({ why }, describe) =>
    `the customers could not be read again after their restores; send the rollback again: ${describe(why)}`,
  "rollback-not-counted": ({ why }, describe) =>
    `the customers that were not restored could not be counted: ${describe(why)}`,
};
