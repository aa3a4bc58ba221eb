import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { EventBridge } from "../aws/event-bridge.ts";

const LOOK_AGAIN_MS = 20;

/** Hears of each change that a rollout tells EventBridge, in order, soon after it was told; `stop` gives what is left at once. */
export function watchChanges(
  eventBridge: Pick<EventBridge, "events">,
  onChange: (change: RolloutEvent) => void,
): { stop(): void } {
  let heard = 0;
  function hear(): void {
    const events = eventBridge.events();
    for (; heard < events.length; heard += 1) onChange(RolloutEvent.parse(events[heard]?.detail));
  }
  const timer = setInterval(hear, LOOK_AGAIN_MS);
  return {
    stop() {
      clearInterval(timer);
      hear();
    },
  };
}
