import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { EventBridge } from "../aws/event-bridge.ts";

const POLL_MS = 20;

/** Calls `onChange` for each published event, in order. `stop` calls it for the remaining events at once. */
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
