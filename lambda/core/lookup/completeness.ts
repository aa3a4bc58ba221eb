import { hash } from "node:crypto";

/** What one pass over all pages of a query showed. */
export interface Pass {
  /** The distinct ids as sorted 64-bit hashes. A collision can only make a pass look short, which is refused. */
  readonly ids: BigUint64Array;
  /** The server's own count on the first and on the last page; undefined when it gave none. */
  readonly firstTotal: number | undefined;
  readonly lastTotal: number | undefined;
  /** Whether the pages went on until one was empty; false when they only repeated themselves. */
  readonly ended: boolean;
}

export type Completeness =
  | { readonly verdict: "complete" }
  | { readonly verdict: "read again" }
  | { readonly verdict: "incomplete"; readonly seen: string };

/**
 * Decides whether the passes show that the lookup is complete. It is when a pass saw as many distinct ids as the server
 * counted on its first and on its last page, or when two passes saw the same ids and no fewer than the server counts.
 */
export function judgePasses(passes: readonly Pass[]): Completeness {
  const latest = passes.at(-1);
  if (latest === undefined) return { verdict: "read again" };
  if (agreesWithServer(latest)) return { verdict: "complete" };
  if (passes.length < 2) return { verdict: "read again" };
  const [first] = passes;
  const agree = first?.ended && latest.ended && sameIds(first.ids, latest.ids);
  if (agree && !isShort(latest)) return { verdict: "complete" };
  return { verdict: "incomplete", seen: passes.map(describePass).join("; ") };
}

/** The 8 bytes that stand for an id when passes are compared. */
export function hashId(id: string): Buffer {
  return hash("sha256", id, "buffer").subarray(0, 8);
}

/** Collects the hashes of many pages, in any order and with repeats, into the form of a {@link Pass}. */
export function createIdCollector(): { add(hashes: Uint8Array): void; ids(): BigUint64Array } {
  let collected = new BigUint64Array(1024);
  let count = 0;
  return {
    add(hashes) {
      const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
      const more = hashes.byteLength / 8;
      if (count + more > collected.length) {
        const wider = new BigUint64Array(Math.max(collected.length * 2, count + more));
        wider.set(collected);
        collected = wider;
      }
      for (let index = 0; index < more; index += 1) collected[count + index] = view.getBigUint64(index * 8, true);
      count += more;
    },
    ids: () => dropRepeats(collected.subarray(0, count).sort()),
  };
}

function agreesWithServer({ ids, firstTotal, lastTotal }: Pass): boolean {
  return firstTotal !== undefined && firstTotal === lastTotal && ids.length === firstTotal;
}

function isShort({ ids, lastTotal }: Pass): boolean {
  return lastTotal !== undefined && ids.length < lastTotal;
}

function sameIds(a: BigUint64Array, b: BigUint64Array): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

function dropRepeats(sorted: BigUint64Array): BigUint64Array {
  let kept = 0;
  for (const id of sorted) {
    if (kept > 0 && sorted[kept - 1] === id) continue;
    sorted[kept] = id;
    kept += 1;
  }
  return sorted.subarray(0, kept);
}

function describePass({ ids, firstTotal, lastTotal, ended }: Pass, index: number): string {
  const totals =
    firstTotal === lastTotal
      ? `${firstTotal ?? "no count"}`
      : `${firstTotal ?? "no count"}, then ${lastTotal ?? "no count"}`;
  const end = ended ? "" : " and its pages repeat themselves without an end";
  return `pass ${index + 1} saw ${ids.length} customers where Evo Voice counts ${totals}${end}`;
}
