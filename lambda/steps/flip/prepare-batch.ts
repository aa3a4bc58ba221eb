import type { Reading } from "../../core/flip/flip-result.ts";
import { chunkIds } from "../../core/lookup/id-list.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Connection } from "../ports.ts";
import { type BatchRun, record, type Work } from "./batch-run.ts";
import { inParallel, type ParallelLimits } from "./in-parallel.ts";
import { type OutcomeTracker, trackOutcomes } from "./outcome-tracker.ts";

/** A batch whose flips may begin: their intention is in the ledger. */
export interface PreparedBatch {
  readonly position: number;
  readonly work: Work;
  readonly written: Batch;
  readonly tracker: OutcomeTracker;
  readonly fresh: FreshCustomers;
}

/** Customers to be flipped now, and since when that is known. */
export interface FreshCustomers {
  readonly customers: readonly PlannedCustomer[];
  readonly readAtMs: number;
}

/**
 * Write ahead: reads the customers afresh, settles those that need no flip, records the rest as intended. The controls
 * are read last of all, so that they are as new as can be when the first flip begins. The batch is withdrawn when they
 * hold or stop the rollout.
 * @throws what ends the whole rollout: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function prepareBatch(run: BatchRun, position: number): Promise<PreparedBatch | undefined> {
  const batch = await run.task.read(position);
  const work = run.task.open(batch);
  const tracker = trackOutcomes(work);
  const fresh = await findFlips(run, { work, tracker }, tracker.open);
  const intended = new Set([...tracker.inDoubt(), ...fresh.customers.map(({ id }) => id)]);
  const written = await record(run, batch, tracker, [...intended]);
  const prepared = { position, work, written, tracker };
  const protectedIds = await readProtected(run).catch(async (error: unknown) => {
    // A batch that cannot be withdrawn is resumed as after a crash. The first error is the one to report.
    await withdrawBatch(run, prepared).catch(() => undefined);
    throw error;
  });
  if (protectedIds !== undefined) return { ...prepared, fresh: settleProtected(tracker, fresh, protectedIds) };
  // Once only: a withdrawal whose reply was lost would be taken for that of another worker.
  await withdrawBatch(run, prepared);
  return undefined;
}

/** Reads customers of a prepared batch once more, and the controls: their turn came when their reading was too old. */
export async function refreshFlips(
  run: BatchRun,
  prepared: PreparedWork,
  customers: readonly PlannedCustomer[],
): Promise<FreshCustomers | undefined> {
  const fresh = await findFlips(run, prepared, customers);
  const protectedIds = await readProtected(run);
  return protectedIds && settleProtected(prepared.tracker, fresh, protectedIds);
}

type PreparedWork = Pick<PreparedBatch, "work" | "tracker">;

/** Reads customers and settles those that need no flip; returns the customers to be flipped now. */
async function findFlips(
  run: BatchRun,
  { work, tracker }: PreparedWork,
  customers: readonly PlannedCustomer[],
): Promise<FreshCustomers> {
  const readings = await readAfresh(run, customers);
  const readAtMs = run.nowMs();
  const flips = customers.filter((customer) => {
    const fresh = readings.get(customer.id);
    if (tracker.wasIntended(customer.id) && mayBeDone(fresh, run.task.flag)) tracker.markInDoubt(customer.id);
    if (fresh === undefined) return false;
    const settled = work.settle(customer, fresh);
    if (settled !== undefined) tracker.settle(customer, settled.outcome, settled.reason);
    return settled === undefined;
  });
  return { customers: flips, readAtMs };
}

/** Whether an earlier run may have sent the request of a customer that it was about to flip, or to restore. */
function mayBeDone(fresh: Reading | undefined, flag: boolean): boolean {
  return fresh === undefined || (fresh.reading === "found" && fresh.customer.isStaging === flag);
}

/** The customers that controls protect; undefined when no flip may begin. */
async function readProtected({ guard, stopSignal }: BatchRun): Promise<ReadonlySet<string> | undefined> {
  const { protectedIds } = await guard.refresh();
  return stopSignal.stopped() !== undefined || stopSignal.isHeld() ? undefined : new Set(protectedIds);
}

/** No flip of a prepared batch was begun: only customers that an earlier run may have flipped stay intended. */
export async function withdrawBatch(
  run: BatchRun,
  { written, tracker }: Pick<PreparedBatch, "written" | "tracker">,
): Promise<void> {
  await record(run, written, tracker, tracker.inDoubt());
}

function settleProtected(
  tracker: OutcomeTracker,
  { customers, readAtMs }: FreshCustomers,
  protectedIds: ReadonlySet<string>,
): FreshCustomers {
  const flips = customers.filter((customer) => {
    const isProtected = protectedIds.has(customer.id);
    if (isProtected) tracker.settle(customer, "skipped", { code: "protected-by-control" });
    return !isProtected;
  });
  return { customers: flips, readAtMs };
}

export type Readings = ReadonlyMap<string, Reading>;

/** Lists many at once; a customer that no list shows is read alone. A customer without a reading was not reached in time. */
export async function readAfresh(
  run: ParallelLimits & { readonly connection: Connection },
  customers: readonly PlannedCustomer[],
): Promise<Readings> {
  const { connection, stopSignal } = run;
  const readings = new Map<string, Reading>();
  await inParallel(run, chunkIds(customers.map(({ id }) => id)), async (ids) => {
    const listed = await connection.listCustomers(ids);
    for (const customer of listed) readings.set(customer.id, { reading: "found", customer });
  });
  const unlisted = customers.filter(({ id }) => !readings.has(id));
  await inParallel(run, unlisted, async ({ id }) => {
    readings.set(id, await connection.readCustomer(id));
  });
  stopSignal.throwError();
  return readings;
}
