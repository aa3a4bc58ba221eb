import type { Durable } from "./durable.ts";
import type { Subject } from "../core/rollback/source-rollouts.ts";
import type { Ports } from "../steps/ports.ts";
import { COUNT_START, countPart, type Reverted } from "../steps/rollback/rollback-part.ts";

/** Without a request: what the ledger says became of those whom rollouts flipped; before they are turned back, all are left. */
export async function countLeft(ports: Ports, durable: Durable, subject: Subject): Promise<Reverted> {
  const { counts } = await durable.inParts({
    name: "count",
    start: COUNT_START,
    part: (_run, from) => countPart(ports, subject, from),
  });
  return { counts };
}

/** Once doubts are settled: some of those who seemed to be left turn out never to have been flipped. */
export async function countLeftAgain(
  ports: Ports,
  durable: Durable,
  { subject, reverted }: { readonly subject: Subject; readonly reverted: Reverted },
): Promise<Reverted> {
  if (reverted.counts.left === 0) return reverted;
  try {
    const { counts } = await countLeft(ports, durable, subject);
    return { ...reverted, counts, stop: counts.left > 0 ? reverted.stop : undefined };
  } catch {
    // The number from before is no less than the true one.
    return reverted;
  }
}
