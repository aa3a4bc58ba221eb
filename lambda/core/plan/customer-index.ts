import { crc32 } from "node:zlib";
import type { CandidateWave } from "./candidates.ts";
import { type Plan, toBatches, toSettled } from "./plan.ts";

/** Ids and reference ids of so many customers share one item of the index, of about 32 KB. */
const CUSTOMERS_IN_ITEM = 2_000;
/** A place is an item of the plan: first its batches, then what it settles. A number holds hash and place exactly. */
const MOST_PLACES = 2 ** 20;
const HASHES = 2 ** 32;

/** How many items the index of a plan has. */
export function countIndexItems({ flip, unchanged, skipped }: Pick<Plan, "flip" | "unchanged" | "skipped">): number {
  return Math.ceil((flip + unchanged + skipped) / CUSTOMERS_IN_ITEM);
}

/** The item of the index that knows an id or a reference id, if any item does. */
export function findIndexItem(name: string, items: number): number {
  return toItem(crc32(name), items);
}

/** The places in the plan where the customer may be: the entry is a hash, so look there for the customer itself. */
export function findPlaces(entries: Float64Array, name: string): readonly number[] {
  const first = crc32(name) * MOST_PLACES;
  return [...entries].filter((entry) => entry >= first && entry < first + MOST_PLACES).map((entry) => entry - first);
}

/** The items of a plan's index: sorted entries of id or reference id and place. */
export function* toIndexItems(waves: readonly CandidateWave[], items: number): Generator<Float64Array> {
  const entries = new Float64Array(2 * CUSTOMERS_IN_ITEM * items);
  let [count, place] = [0, 0];
  const add = (name: string | undefined): void => {
    if (name !== undefined) entries[count++] = crc32(name) * MOST_PLACES + place;
  };
  for (const customers of toBatches(waves)) {
    for (const { id, referenceId } of customers) [id, referenceId].forEach(add);
    place += 1;
  }
  for (const outcomes of toSettled(waves)) {
    for (const { customerId, referenceId } of outcomes) [customerId, referenceId].forEach(add);
    place += 1;
  }
  const sorted = entries.subarray(0, count).sort();
  let from = 0;
  for (let item = 0; item < items; item += 1) {
    let to = from;
    while (to < count && toItem(Math.floor((sorted[to] as number) / MOST_PLACES), items) === item) to += 1;
    yield sorted.subarray(from, to);
    from = to;
  }
}

function toItem(hash: number, items: number): number {
  return Math.floor((hash / HASHES) * items);
}
