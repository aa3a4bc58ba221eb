import type { FlipReason, Sentences } from "../reason-types.ts";

export const FLIP_SENTENCES: Sentences<FlipReason> = {
  "confirmed-by-reply": ({ after }) =>
    `the reply showed the flag that was sent${after === undefined ? "" : `, after ${after}`}`,
  "confirmed-by-reading": ({ after }) => `a reading showed the flag that was sent, after ${after}`,
  "confirmed-after-restart": () => "a reading after a restart showed the flag that was sent",
  "confirmed-by-verification": () => "a later reading showed the flag that was sent",
  "already-there": () => "had the wanted flag already when the rollout was planned",
  "moved-since-plan": () => "had the wanted flag already when its turn came: something else moved it after the plan",
  "deselected-since-plan": () => "has changed since the plan: the event's targets no longer select it",
  "customer-gone": () => "Evo Voice no longer has this customer; see whether it was deleted",
  "flag-unknown": () => "Evo Voice does not say where this customer is",
  unanswered: () => "the rollout stopped before its request was answered: it may have been flipped",
  "may-be-flipped": ({ why }, describe) => `may have been flipped, look at this customer: ${describe(why)}`,
  "not-applied": ({ isStaging, why }, describe) =>
    `${describe(why)}; a reading afterwards shows it still ${isStaging ? "on staging" : "in production"}`,
  "changed-since": ({ isStaging }) =>
    `had the wanted flag, and is ${isStaging ? "on staging" : "in production"} at the end of the rollout: something else moved it`,
  appeared: () =>
    "matches the event's targets, and the lookup did not show it: created or changed since; a retry takes it",
  "end-not-listed": ({ why }, describe) =>
    `the customers could not be listed once more at the end, so customers that were created or moved since are not named here; send the event again as a dry run to see what is left: ${describe(why)}`,
  "not-attempted": ({ why }, describe) => `not attempted: ${describe(why)}`,
  "outcomes-not-recorded": ({ why }, describe) => `not every outcome could be recorded: ${describe(why)}`,
};
