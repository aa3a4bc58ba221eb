import type { Reading } from "../rollout/flip.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import { type BatchRun, record } from "./batch-run.ts";
import type { BatchRange } from "./flip-batches.ts";
import { type Readings, readAfresh } from "./read-afresh.ts";
import { openSheet, type Sheet } from "./sheet.ts";

export interface Stopped {
  readonly stopped: string;
  /** Nobody is read any more. */
  readonly blind: boolean;
}

/** In a stopped rollout: gives each batch as it was recorded, until the time budget ends or one is left unfinished. */
export async function* skipBatches(run: BatchRun, { from, to }: BatchRange, why: Stopped): AsyncGenerator<Batch> {
  for (let index = from; index < to && (index === from || run.brake.mayGoOn()); index += 1) {
    const recorded = await skipBatch(run, await run.ledger.getBatch(run.rolloutId, index), why);
    yield recorded;
    if (recorded.outcomes.length < recorded.customers.length) return;
  }
}

/** Who was not attempted is skipped; who might have been flipped is read first, unless `blind`. */
export async function skipBatch(run: BatchRun, batch: Batch, { stopped, blind }: Stopped): Promise<Batch> {
  const sheet = openSheet(batch);
  const doubtful = sheet.open.filter(({ id }) => batch.intended.includes(id));
  const readings: Readings | undefined = blind ? undefined : await readAfresh(run, doubtful).catch(() => undefined);
  for (const customer of doubtful) {
    const reading = readings === undefined ? UNREADABLE : readings.get(customer.id);
    if (reading === undefined) sheet.doubt(customer.id);
    else settleDoubtful(run, sheet, customer, reading);
  }
  sheet.skipRest(stopped);
  return record(run, batch, sheet, sheet.doubtful());
}

const UNREADABLE: Reading = { reading: "unreadable", reason: "" };

function settleDoubtful({ wantedFlag }: BatchRun, sheet: Sheet, customer: PlannedCustomer, reading: Reading): void {
  const isStaging = reading.reading === "found" ? reading.customer.isStaging : undefined;
  if (isStaging === wantedFlag) sheet.settle(customer, "flipped", "confirmed after a restart");
  if (isStaging !== undefined) return;
  sheet.settle(customer, "failed", `customer ${customer.id} may have been flipped, and cannot be read: look at it`);
}
