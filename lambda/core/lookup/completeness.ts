import { hash } from "node:crypto";

/** What one pass over all pages of a query showed. */
export interface Pass {
  /** The ids as 64-bit hashes. A collision can only make a pass look short, which is refused. */
  readonly ids: ReadonlySet<bigint>;
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
 * counted on its first and on its last page, or when two passes saw the same ids and no fewer than the server counts, or
 * when customers were created during both passes. The verification at the end names those that no pass saw.
 */
export function judgePasses(passes: readonly Pass[]): Completeness {
  const latest = passes.at(-1);
  if (latest === undefined) return { verdict: "read again" };
  if (agreesWithServer(latest)) return { verdict: "complete" };
  if (passes.length < 2) return { verdict: "read again" };
  const [first] = passes;
  if (first?.ended && latest.ended && (isSame(first, latest) || hasGrown(first, latest)))
    return { verdict: "complete" };
  return { verdict: "incomplete", seen: passes.map(describePass).join("; ") };
}

/** The 8 bytes that stand for an id when passes are compared. */
export function hashId(id: string): Buffer {
  return hash("sha256", id, "buffer").subarray(0, 8);
}

/** The hashes of some ids, as the ledger keeps them, one by one. */
export function toIds(hashes: Uint8Array): Iterable<bigint> {
  return new BigUint64Array(Uint8Array.from(hashes).buffer);
}

function agreesWithServer({ ids, firstTotal, lastTotal }: Pass): boolean {
  return firstTotal !== undefined && firstTotal === lastTotal && ids.size === firstTotal;
}

function isSame({ ids: before }: Pass, { ids, lastTotal = 0 }: Pass): boolean {
  return before.size === ids.size && before.isSubsetOf(ids) && ids.size >= lastTotal;
}

/** The counts only rise, and the second pass saw every customer of the first, and no fewer than were counted when it began. */
function hasGrown(first: Pass, latest: Pass): boolean {
  const totals = [first, latest].flatMap(({ firstTotal = Number.NaN, lastTotal = Number.NaN }) => [
    firstTotal,
    lastTotal,
  ]);
  const isRising = totals.every((total, index) => total >= (totals[index - 1] ?? 0)) && new Set(totals).size > 1;
  return isRising && latest.ids.size >= (latest.firstTotal ?? 0) && first.ids.isSubsetOf(latest.ids);
}

function describePass({ ids, firstTotal, lastTotal, ended }: Pass, index: number): string {
  const totals =
    firstTotal === lastTotal
      ? `${firstTotal ?? "no count"}`
      : `${firstTotal ?? "no count"}, then ${lastTotal ?? "no count"}`;
  const end = ended ? "" : " and its pages repeat themselves without an end";
  return `pass ${index + 1} saw ${ids.size} customers where Evo Voice counts ${totals}${end}`;
}
