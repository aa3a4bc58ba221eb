import { type Reading, settleBeforeFlip } from "../rollout/flip.ts";
import { countOutcomes, type Outcome, type OutcomeKind } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import type { CustomerFacts, Judgement } from "../rollout/selection.ts";
import type { LockCheck } from "./hold-lock.ts";
import { unlessOutOfTime } from "./part.ts";
import type { Connection, Ports } from "./ports.ts";

/** What every batch of a part shares. */
export interface BatchRun {
  readonly ports: Ports;
  readonly rolloutId: string;
  readonly connection: Connection;
  readonly lockCheck: LockCheck;
  readonly judge: (customer: CustomerFacts) => Judgement;
  readonly wantedFlag: boolean;
  readonly concurrency: number;
  readonly untilMs: number;
  /** Why so many failures stop the rollout; undefined while they do not. */
  budgetStop(failed: number): string | undefined;
}

export interface BatchResult {
  readonly recorded: Batch;
  readonly stopped?: string | undefined;
}

/** As many ids as one list request names. */
const LISTED_AT_ONCE = 100;

/** What is becoming of a batch's customers while it is worked on. */
interface Work {
  readonly run: BatchRun;
  readonly batch: Batch;
  /** Failures in the batches before. */
  readonly failedBefore: number;
  readonly open: readonly PlannedCustomer[];
  readonly outcomes: Map<string, Outcome>;
  /** A flip was begun, and it is not known what it did. */
  readonly unresolved: Set<string>;
  stopped?: string | undefined;
  error?: unknown;
}

/**
 * Write ahead: reads the customers afresh, settles those that need no flip, records the rest as intended, flips them,
 * records what came. Whatever ends it early, all that is known is recorded first.
 * @throws what ends the whole rollout: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function flipBatch(run: BatchRun, batch: Batch, failedBefore: number): Promise<BatchResult> {
  await run.lockCheck.now();
  const work = begin(run, batch, failedBefore);
  const readings = await readAfresh(work, work.open);
  const flips = settleWithoutFlip(work, readings);
  const written = await record(work, batch, [...work.unresolved, ...flips.map(({ id }) => id)]);
  await inParallel(work, flips, (customer) => flipOne(work, customer));
  if (work.stopped !== undefined) skipRest(work, work.stopped);
  const recorded = await record(work, written, [...work.unresolved]);
  if (work.error !== undefined) throw work.error;
  return { recorded, stopped: work.stopped };
}

/** In a stopped rollout: who was not attempted is skipped; who might have been flipped is read first, unless `blind`. */
export async function recordNotAttempted(
  run: BatchRun,
  batch: Batch,
  { stopped, blind }: { readonly stopped: string; readonly blind: boolean },
): Promise<BatchResult> {
  const work = begin(run, batch, 0);
  const doubtful = work.open.filter(({ id }) => batch.intended.includes(id));
  const readings = blind ? undefined : await readAfresh(work, doubtful).catch(() => undefined);
  for (const customer of doubtful) {
    const reading = readings === undefined ? UNREADABLE : readings.get(customer.id);
    if (reading === undefined) work.unresolved.add(customer.id);
    else settleDoubtful(work, customer, reading);
  }
  skipRest(work, stopped);
  return { recorded: await record(work, batch, [...work.unresolved]), stopped };
}

const UNREADABLE: Reading = { reading: "unreadable", reason: "" };

function settleDoubtful(work: Work, customer: PlannedCustomer, reading: Reading): void {
  const isStaging = reading.reading === "found" ? reading.customer.isStaging : undefined;
  if (isStaging === work.run.wantedFlag) settle(work, customer, "flipped", "confirmed after a restart");
  if (isStaging !== undefined) return;
  settle(work, customer, "failed", `customer ${customer.id} may have been flipped, and cannot be read: look at it`);
}

function begin(run: BatchRun, batch: Batch, failedBefore: number): Work {
  const outcomes = new Map(batch.outcomes.map((outcome) => [outcome.customerId, outcome]));
  const open = batch.customers.filter(({ id }) => !outcomes.has(id));
  return { run, batch, failedBefore, open, outcomes, unresolved: new Set() };
}

/** Lists many at once; whom the lists do not show is read alone. Who is in no reading was not reached in time. */
async function readAfresh(work: Work, customers: readonly PlannedCustomer[]): Promise<Map<string, Reading>> {
  const { connection } = work.run;
  const readings = new Map<string, Reading>();
  const chunks = Array.from({ length: Math.ceil(customers.length / LISTED_AT_ONCE) }, (_, index) =>
    customers.slice(index * LISTED_AT_ONCE, (index + 1) * LISTED_AT_ONCE),
  );
  await inParallel(work, chunks, async (chunk) => {
    const listed = await connection.listCustomers(chunk.map(({ id }) => id));
    for (const customer of listed) readings.set(customer.id, { reading: "found", customer });
  });
  const unlisted = customers.filter(({ id }) => !readings.has(id));
  await inParallel(work, unlisted, async ({ id }) => {
    const reading = await connection.readCustomer(id);
    readings.set(id, reading);
  });
  if (work.error !== undefined) throw work.error;
  return readings;
}

/** Settles who needs no flip; returns who is to be flipped now. */
function settleWithoutFlip(work: Work, readings: ReadonlyMap<string, Reading>): readonly PlannedCustomer[] {
  const { wantedFlag, judge } = work.run;
  return work.open.filter((planned) => {
    const fresh = readings.get(planned.id);
    const intended = work.batch.intended.includes(planned.id);
    if (fresh === undefined) {
      if (intended) work.unresolved.add(planned.id);
      return false;
    }
    const settled = settleBeforeFlip({ planned, fresh, wantedFlag, intended, judge });
    if (settled !== undefined) settle(work, planned, settled.outcome, settled.reason);
    return settled === undefined;
  });
}

/** Before each request, and not only before the first: the lock may be lost while one waits for its turn or its next try. */
async function flipOne(work: Work, customer: PlannedCustomer): Promise<void> {
  const { lockCheck, connection, wantedFlag } = work.run;
  const flipped = await connection.flip({ customerId: customer.id, isStaging: wantedFlag }, lockCheck.recent);
  if (flipped.result === "unresolved") work.unresolved.add(customer.id);
  if (flipped.result === "flipped" || flipped.result === "failed")
    settle(work, customer, flipped.result, flipped.reason);
}

/** As many workers as requests may be in flight take from one queue, until something stops them all. */
async function inParallel<Item>(
  work: Work,
  items: readonly Item[],
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const mayGoOn = () =>
    work.stopped === undefined && work.error === undefined && work.run.ports.nowMs() < work.run.untilMs;
  const worker = async () => {
    while (mayGoOn()) {
      const next = queue.next();
      if (next.done) return;
      await unlessOutOfTime(each(next.value)).catch((error: unknown) => {
        work.error ??= error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(work.run.concurrency, items.length) }, worker));
}

function settle(work: Work, { id, name }: PlannedCustomer, outcome: OutcomeKind, reason: string): void {
  work.outcomes.set(id, { customerId: id, name, outcome, reason });
  work.unresolved.delete(id);
  if (outcome !== "failed") return;
  work.stopped ??= work.run.budgetStop(work.failedBefore + countOutcomes(work.outcomes.values()).failed);
}

function skipRest(work: Work, stopped: string): void {
  for (const customer of work.open) {
    if (work.outcomes.has(customer.id) || work.unresolved.has(customer.id)) continue;
    settle(work, customer, "skipped", `not attempted: ${stopped}`);
  }
}

function record({ run, outcomes }: Work, batch: Batch, intended: readonly string[]): Promise<Batch> {
  return run.ports.ledger.recordBatch(run.rolloutId, { ...batch, outcomes: [...outcomes.values()], intended });
}
