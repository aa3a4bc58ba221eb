import { createHash } from "node:crypto";
import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Outcome } from "../flip/outcome.ts";
import { type Explained, explain, type Reason } from "../reasons.ts";
import type { NamedCounts } from "../report/count-named.ts";
import type { CandidateWave, PlannedCandidate } from "./candidates.ts";

/** What a rollout will do, before it does it. Its hash is the same for the same customers and the same decisions. */
export interface Plan {
  readonly hash: string;
  readonly flip: number;
  readonly unchanged: number;
  readonly skipped: number;
  /** How many customers are skipped for each reason. */
  readonly skippedBy: readonly SkippedBy[];
  /** How many ledger items hold the customers to be flipped, and how many those that need no flip. */
  readonly batches: number;
  readonly settledItems: number;
  readonly waves: readonly PlannedWave[];
  /** Absent when the event names no customer by id or reference id. */
  readonly named?: NamedCounts | undefined;
}

/** A skip reason, and how many customers it keeps out. */
export type SkippedBy = Explained & { readonly customers: number };

/** A share of the plan with its own bake and gate. */
export interface PlannedWave {
  /** From 1. */
  readonly wave: number;
  /** Its batches: `from` is the first, `to` the first after the last. */
  readonly from: number;
  readonly to: number;
  readonly customers: number;
  readonly bakeSeconds: number;
  /** Why the wave is not as it was asked for. */
  readonly note?: Explained | undefined;
}

export interface PlannedCustomer {
  readonly id: string;
  readonly name: string;
}

/** What the ledger holds of a batch: the planned customers, and what was recorded of them. */
export interface Batch {
  readonly rolloutId: string;
  readonly index: number;
  readonly customers: readonly PlannedCustomer[];
  /** Ids of the customers that this rollout flips, recorded before the first request. Their flag was the other one. */
  readonly intended: readonly string[];
  readonly outcomes: readonly Outcome[];
  /** Ids of the customers that a rollback restores, recorded before its first request. */
  readonly restoring: readonly string[];
  /** The outcomes of the rollback. */
  readonly rollback: readonly Outcome[];
  /** The rollout that rolled this batch back last; it may be this rollout. */
  readonly rolledBackBy?: string | undefined;
  /** Counts the writes. A write replaces only the revision that was read. */
  readonly revision: number;
}

const MOST_CUSTOMERS = 250;
/** Of ids and names as JSON: the larger part of a batch's 100 KB is for what is recorded of its customers later. */
const MOST_BATCH_BYTES = 40_000;
const MOST_SETTLED_BYTES = 90_000;
/** A call of the hash costs more than a customer's line in it. */
const HASHED_AT_ONCE = 16_384;

/**
 * Sums up which customers are flipped and when, which are right already, and which are skipped and why. The hash takes
 * the customers in wave by wave, in the order of the flips, so it says which customer is in which wave, and how long each
 * wave bakes.
 */
export function planRollout(event: Pick<FlipEvent, "action" | "release">, waves: readonly CandidateWave[]): Plan {
  const digest = createHash("sha256").update(`${event.action}\n${event.release}\n`);
  const skips = countSkips();
  const counts = { flip: 0, unchanged: 0, skipped: 0 };
  for (const [index, { candidates, bakeSeconds }] of waves.entries()) {
    let lines = `wave ${index + 1}\t${bakeSeconds}\n`;
    for (const { id, plannedAction } of candidates) {
      counts[typeof plannedAction === "string" ? plannedAction : "skipped"] += 1;
      lines += `${id}\t${typeof plannedAction === "string" ? plannedAction : skips.count(plannedAction.skipped)}\n`;
      if (lines.length > HASHED_AT_ONCE) {
        digest.update(lines);
        lines = "";
      }
    }
    digest.update(lines);
  }
  const planned = planWaves(waves);
  return {
    hash: digest.digest("hex"),
    ...counts,
    skippedBy: skips.list(),
    batches: planned.at(-1)?.to ?? 0,
    settledItems: count(toSettled(waves)),
    waves: planned,
  };
}

/** Counts skipped customers by their reason. */
function countSkips() {
  const skippedBy = new Map<string, { readonly reason: Reason; customers: number }>();
  return {
    /** Gives the reason as text, for the hash. */
    count(reason: Reason): string {
      const key = JSON.stringify(reason);
      const known = skippedBy.get(key) ?? { reason, customers: 0 };
      known.customers += 1;
      skippedBy.set(key, known);
      return key;
    },
    /** The most frequent first. */
    list: (): readonly SkippedBy[] =>
      [...skippedBy.values()]
        .sort((a, b) => b.customers - a.customers)
        .map(({ reason, customers }) => ({ ...explain(reason), customers })),
  };
}

function planWaves(waves: readonly CandidateWave[]): readonly PlannedWave[] {
  let batches = 0;
  return waves.map((wave, index) => {
    const from = batches;
    batches += count(toBatches([wave]));
    const { flips: customers, bakeSeconds, note } = wave;
    return {
      wave: index + 1,
      from,
      to: batches,
      customers,
      bakeSeconds,
      ...(note !== undefined && { note: explain(note) }),
    };
  });
}

/** The customers to flip, in the order of the release: batches of at most 250 customers and 100 KB, each of one wave. */
export function* toBatches(waves: readonly CandidateWave[]): Generator<readonly PlannedCustomer[]> {
  for (const { candidates } of waves) yield* pack(toFlips(candidates), MOST_BATCH_BYTES);
}

/** The outcomes that the plan alone decides, packed like batches. */
export function toSettled(waves: readonly CandidateWave[]): Generator<readonly Outcome[]> {
  return pack(toOutcomes(waves), MOST_SETTLED_BYTES);
}

function* toFlips(candidates: readonly PlannedCandidate[]): Generator<PlannedCustomer> {
  for (const { id, name, plannedAction } of candidates) if (plannedAction === "flip") yield { id, name };
}

function* toOutcomes(waves: readonly CandidateWave[]): Generator<Outcome> {
  for (const { candidates } of waves) {
    for (const { id: customerId, name, plannedAction } of candidates) {
      if (plannedAction === "unchanged")
        yield { customerId, name, outcome: "unchanged", reason: { code: "already-there" } };
      else if (plannedAction !== "flip") yield { customerId, name, outcome: "skipped", reason: plannedAction.skipped };
    }
  }
}

function* pack<Item>(items: Iterable<Item>, mostBytes: number): Generator<readonly Item[]> {
  let packed: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item));
    if (packed.length === MOST_CUSTOMERS || bytes + size > mostBytes) {
      if (packed.length > 0) yield packed;
      packed = [];
      bytes = 0;
    }
    packed.push(item);
    bytes += size;
  }
  if (packed.length > 0) yield packed;
}

function count(items: Iterable<unknown>): number {
  let total = 0;
  for (const _item of items) total += 1;
  return total;
}
