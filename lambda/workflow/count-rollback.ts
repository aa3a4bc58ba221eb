import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { Ports } from "../steps/ports.ts";
import { COUNT_START, countPart, type RollbackResult } from "../steps/rollback/rollback-part.ts";
import type { Durable } from "./durable.ts";

/** Without a request: what the ledger says became of those whom rollouts flipped; before they are turned back, all are left. */
export async function countRollbackOf(ports: Ports, durable: Durable, source: SourceRollouts): Promise<RollbackResult> {
  const { counts } = await durable.runParts({
    name: "count",
    start: COUNT_START,
    part: (_run, from) => countPart(ports, source, from),
  });
  return { counts };
}

/** Once doubts are settled: some of those who seemed to be left turn out never to have been flipped. */
export async function recountRollback(
  ports: Ports,
  durable: Durable,
  { source, rollback }: { readonly source: SourceRollouts; readonly rollback: RollbackResult },
): Promise<RollbackResult> {
  if (rollback.counts.left === 0) return rollback;
  try {
    const { counts } = await countRollbackOf(ports, durable, source);
    return { ...rollback, counts, stop: counts.left > 0 ? rollback.stop : undefined };
  } catch {
    // The number from before is no less than the true one.
    return rollback;
  }
}
