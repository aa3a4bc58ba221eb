import type { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import { formatNumber } from "../../lambda/core/report/text-layout.ts";
import { countOf } from "./count-of.ts";

/** One line for a change of a rollout's state. */
export function describeChange(change: RolloutEvent): string {
  switch (change.change) {
    case "started": {
      const { plan } = change;
      if (plan === undefined) return "started";
      return `started: ${countOf(plan.flip, "customer")} to flip, in ${countOf(plan.waves, "wave")}`;
    }
    case "approval asked":
      return `wave ${change.wave} of ${change.waves}: ${countOf(change.customers, "customer")}, waits for an approval`;
    case "approved":
      return `wave ${change.wave}: approved by ${change.by}: ${change.reason}`;
    case "wave done":
      return `wave ${change.wave} of ${change.waves}: done, ${formatNumber(change.counts.flipped)} flipped in all`;
    case "gate decided":
      return `gate ${change.wave}: ${[change.decision, ...change.reasons.map(({ message }) => message)].join("; ")}`;
    case "rolled back": {
      const { restored, conflicting, failed } = change.rollback;
      return `rolled back: ${formatNumber(restored)} restored, ${formatNumber(conflicting)} conflicting, ${formatNumber(failed)} failed`;
    }
    case "ended":
      return `ended: ${change.status}`;
  }
}
