import { isInDoubt } from "../../core/flip/outcome.ts";
import type { Pace } from "../../core/flip/pace.ts";
import { OutOfTimeError } from "../../core/out-of-time-error.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Reason } from "../../core/reasons.ts";
import type { BatchRun } from "./batch-run.ts";
import { inParallel } from "./in-parallel.ts";
import { type FreshCustomers, type PreparedBatch, refreshFlips } from "./prepare-batch.ts";

/**
 * Flips the customers of a prepared batch, each on a reading and on controls of the last seconds: at a slow pace, or after a
 * pause, the customers whose turn comes later are read once more, many with one request.
 */
export async function flipWhileFresh(
  run: BatchRun,
  prepared: FreshWork,
  onSent: (customerId: string) => void,
): Promise<void> {
  let fresh: FreshCustomers | undefined = prepared.fresh;
  // A server that lets no request through in time is slower than any reading can be fresh: one customer may go on.
  let mayBeOld = false;
  while (fresh !== undefined) {
    const late: PlannedCustomer[] = [];
    const { customers, readAtMs } = fresh;
    const mostAgeMs = toMostAgeMs(run.connection.pace());
    const isStale = () => !mayBeOld && run.nowMs() - readAtMs > mostAgeMs;
    const sent = (customerId: string) => {
      mayBeOld = false;
      onSent(customerId);
    };
    await inParallel(run, customers, async (customer) => {
      if (!isStale() && (await flipOne(run, prepared, { customer, isStale, onSent: sent }))) sent(customer.id);
      else late.push(customer);
    });
    mayBeOld = late.length === customers.length;
    fresh = late.length > 0 && run.stopSignal.mayBegin() ? await refreshFlips(run, prepared, late) : undefined;
  }
}

type FreshWork = Pick<PreparedBatch, "work" | "tracker" | "fresh">;

/** A second less than controls may be old: the request that reads takes time as well. */
const MOST_AGE_MS = 4_000;

/** A reading is also good for two requests, however slow the pace is. */
function toMostAgeMs({ perSecond }: Pace): number {
  return Math.max(MOST_AGE_MS, 2_000 / perSecond);
}

interface Turn {
  readonly customer: PlannedCustomer;
  isStale(): boolean;
  readonly onSent: (customerId: string) => void;
}

/**
 * The guard is asked before each request, and not only before the first: the lock may be lost while a flip waits for its
 * turn or its next try. False when the reading was too old by then. Once a request may have set the flag, its age does not
 * matter any more.
 */
async function flipOne(
  { task, guard, connection }: BatchRun,
  { tracker }: Pick<PreparedBatch, "tracker">,
  { customer, isStale, onSent }: Turn,
): Promise<boolean> {
  let isLate = false;
  const flipped = await connection.flip({ customerId: customer.id, isStaging: task.flag }, async (mayBeDone) => {
    await guard.assertFresh();
    isLate = !mayBeDone && isStale();
    if (isLate) throw new OutOfTimeError("the reading of the customer is too old");
    onSent(customer.id);
  });
  switch (flipped.result) {
    case "flipped":
      tracker.settle(customer, "flipped", flipped.reason);
      break;
    case "failed":
      tracker.settle(customer, "failed", tracker.wasIntended(customer.id) ? withDoubt(flipped.reason) : flipped.reason);
      guard.countFailures(1);
      break;
    case "unresolved":
      tracker.markInDoubt(customer.id);
      break;
    case "not begun":
      return !isLate;
  }
  return true;
}

/** This flip was refused, and an earlier run may have sent another. After a plain 404, a reading did not find the customer. */
function withDoubt(why: Reason): Reason {
  const isGone = why.code === "request-refused" && why.status === 404;
  return isGone || isInDoubt({ outcome: "failed", reason: why }) ? why : { code: "may-be-flipped", why };
}
