import type { RolloutEvent, RolloutEventOf } from "../../../../lambda/core/report/rollout-event.ts";

/** A change of a rollout of which a test says what happened. */
export function aChange(change: RolloutEventOf): RolloutEvent {
  return {
    rolloutId: "promote-1a2b",
    action: "promote",
    release: "2026.11.0",
    at: "2026-11-23T02:00:00.000Z",
    ...change,
  };
}
