import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { EventBridge } from "../aws/event-bridge.ts";

const POLL_MS = 20;

/** Passes on each change that a rollout publishes, in order and soon after; `stop` passes on the rest at once. */
export function watchChanges(
  eventBridge: Pick<EventBridge, "events">,
  onChange: (change: RolloutEvent) => void,
): { stop(): void } {
  let passed = 0;
  function passOn(): void {
    const events = eventBridge.events();
    for (; passed < events.length; passed += 1) onChange(RolloutEvent.parse(events[passed]?.detail));
  }
  const timer = setInterval(passOn, POLL_MS);
  return {
    stop() {
      clearInterval(timer);
      passOn();
    },
  };
}
