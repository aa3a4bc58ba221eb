import { hash } from "node:crypto";

/** What one pass over all pages of a listing showed. */
export interface Pass {
  /** The distinct ids as sorted 64-bit hashes. A collision can only make a pass look short, which is refused. */
  readonly ids: BigUint64Array;
  /** The server's own count on the first and on the last page; undefined when it gave none. */
  readonly firstTotal: number | undefined;
  readonly lastTotal: number | undefined;
}

export type Completeness =
  | { readonly verdict: "complete" }
  | { readonly verdict: "read again" }
  | { readonly verdict: "incomplete"; readonly seen: string };

/**
 * Whether the passes show that the lookup is complete: the distinct ids are as many as the server counts, the same at
 * both ends of a pass; or two passes saw the same ids and no fewer than the server counts.
 */
export function judgePasses(passes: readonly Pass[]): Completeness {
  const latest = passes.at(-1);
  if (latest === undefined) return { verdict: "read again" };
  if (agreesWithServer(latest)) return { verdict: "complete" };
  if (passes.length < 2) return { verdict: "read again" };
  const [first] = passes;
  if (first !== undefined && sameIds(first.ids, latest.ids) && !isShort(latest)) return { verdict: "complete" };
  return { verdict: "incomplete", seen: passes.map(describePass).join("; ") };
}

/** Collects ids into a {@link Pass}'s form: 8 bytes an id. */
export function createIdCollector(capacity: number): { add(id: string): void; ids(): BigUint64Array } {
  let hashes = new BigUint64Array(Math.max(capacity, 16));
  let count = 0;
  return {
    add(id) {
      if (count === hashes.length) {
        const wider = new BigUint64Array(hashes.length * 2);
        wider.set(hashes);
        hashes = wider;
      }
      hashes[count] = hash("sha256", id, "buffer").readBigUInt64LE();
      count += 1;
    },
    ids: () => dropRepeats(hashes.subarray(0, count).sort()),
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

function describePass({ ids, firstTotal, lastTotal }: Pass, index: number): string {
  const totals =
    firstTotal === lastTotal
      ? `${firstTotal ?? "no count"}`
      : `${firstTotal ?? "no count"}, then ${lastTotal ?? "no count"}`;
  return `pass ${index + 1} saw ${ids.length} customers where Evo Voice counts ${totals}`;
}
