import type { Pace } from "../core/flip/pace.ts";
import type { Reason } from "../core/reasons.ts";
import { lookUp } from "../steps/lookup/look-up.ts";
import { LOOKUP_START, type LookupProgress } from "../steps/lookup/lookup-run.ts";
import { recordEnd } from "../steps/verify/record-end.ts";
import { reasonsOf } from "./durable.ts";
import type { Ready } from "./prepare-rollout.ts";

/**
 * Lists the selection once more and records what is not as planned. Gives why it could not be listed: the flips stand, and
 * the report says so.
 */
export async function compareEnd(
  { ports, durable, rollout, plan }: Ready,
  pace: Pace | undefined,
): Promise<readonly Reason[] | undefined> {
  try {
    const listing = await durable.runParts<LookupProgress>({
      name: "list-end",
      start: { ...LOOKUP_START, atEnd: true, pace },
      part: (run, from) => lookUp(ports, rollout, run, from),
    });
    if (listing.stop !== undefined) return [{ code: "end-not-listed", why: listing.stop.reasons }];
    if (listing.found === 0) return undefined;
    // So that the step has a whole invocation.
    await durable.wait("yield-list-end", 1);
    await durable.step("record-end", () => recordEnd(ports, rollout, { plan, listing }));
    return undefined;
  } catch (error) {
    return [{ code: "end-not-listed", why: reasonsOf(error) }];
  }
}
