import { createHash } from "node:crypto";
import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Outcome } from "../flip/outcome.ts";
import { type Explained, explain } from "../reasons.ts";
import type { CandidateWave, PlannedCandidate } from "./candidates.ts";
import type { PlannedCustomer } from "./planned-customer.ts";

/** What a rollout will do, before it does it. Its hash is the same for the same customers and the same decisions. */
export interface Plan {
  readonly hash: string;
  readonly flip: number;
  readonly unchanged: number;
  readonly skipped: number;
  /** How many ledger items hold the customers to be flipped, and how many those that need no flip. */
  readonly batches: number;
  readonly settledItems: number;
  readonly waves: readonly PlannedWave[];
  /** Of the customers that the event names by id or reference id; absent for none. */
  readonly named?: { readonly customers: number; readonly skipped: number } | undefined;
}

/** A share of the plan with its own bake and gate. */
export interface PlannedWave {
  /** From 1. */
  readonly wave: number;
  /** Its batches: `from` is the first, `to` the first after the last. */
  readonly from: number;
  readonly to: number;
  readonly customers: number;
  readonly bakeSeconds: number;
  /** How long an approval is waited for before the wave begins; absent for none. */
  readonly approvalSeconds?: number | undefined;
  /** Why the wave is not as it was asked for. */
  readonly note?: Explained | undefined;
}

/** What the ledger holds of a batch: the planned customers, and what was recorded of them. */
export interface Batch {
  readonly rolloutId: string;
  readonly index: number;
  readonly customers: readonly PlannedCustomer[];
  /** Ids of customers without an outcome that a request may reach, recorded before the first request. Their flag was the other one. */
  readonly intended: readonly string[];
  readonly outcomes: readonly Outcome[];
  /** Ids of the customers that a rollback restores, recorded before its first request. */
  readonly restoring: readonly string[];
  /** The outcomes of the rollback: `flipped` is restored, `skipped` conflicting, `unchanged` restored with a newer rollout. */
  readonly rollback: readonly Outcome[];
  /** The rollout that rolled this batch back last; it may be this rollout. */
  readonly rolledBackBy?: string | undefined;
  /** Counts the writes. A write replaces only the revision that was read. */
  readonly revision: number;
}

/** Two lists by id show so many, and at the default pace they are flipped before a reading of them is too old. */
const MOST_CUSTOMERS = 150;
/** Of ids and names as JSON: the larger part of a batch's 100 KB is for what is recorded of its customers later. */
const MOST_BATCH_BYTES = 40_000;
const MOST_SETTLED_BYTES = 90_000;

/**
 * Sums up which customers are flipped and when, which are right already, and which are skipped and why. The hash takes
 * the customers in wave by wave, in the order of the flips, so it says which customer is in which wave, how long each wave
 * bakes, and before which wave an approval is waited for. `namedIds`: the customers that the event names by id or reference id.
 */
export function planRollout(
  event: Pick<FlipEvent, "action" | "release">,
  waves: readonly CandidateWave[],
  namedIds: ReadonlySet<string> = new Set(),
): Plan {
  const digest = createHash("sha256").update(`${event.action}\n${event.release}\n`);
  const counts = { flip: 0, unchanged: 0, skipped: 0 };
  for (const [index, { candidates, bakeSeconds, approvalSeconds }] of waves.entries()) {
    const approval = approvalSeconds === undefined ? "" : `\tapproval ${approvalSeconds}`;
    digest.update(`wave ${index + 1}\t${bakeSeconds}${approval}\n`);
    for (const { id, plannedAction } of candidates) {
      const isSkipped = typeof plannedAction !== "string";
      counts[isSkipped ? "skipped" : plannedAction] += 1;
      digest.update(`${id}\t${isSkipped ? JSON.stringify(plannedAction.skipped) : plannedAction}\n`);
    }
  }
  const planned = planWaves(waves);
  return {
    hash: digest.digest("hex"),
    ...counts,
    batches: planned.at(-1)?.to ?? 0,
    settledItems: count(toSettled(waves)),
    waves: planned,
    ...(namedIds.size > 0 && { named: countNamed(waves, namedIds) }),
  };
}

function countNamed(waves: readonly CandidateWave[], namedIds: ReadonlySet<string>): Plan["named"] {
  const named = waves.flatMap(({ candidates }) => candidates.filter(({ id }) => namedIds.has(id)));
  const skipped = named.filter(({ plannedAction }) => typeof plannedAction !== "string");
  return { customers: named.length, skipped: skipped.length };
}

function planWaves(waves: readonly CandidateWave[]): readonly PlannedWave[] {
  let batches = 0;
  return waves.map((wave, index) => {
    const from = batches;
    batches += count(toBatches([wave]));
    const { flips: customers, bakeSeconds, approvalSeconds, note } = wave;
    return {
      wave: index + 1,
      from,
      to: batches,
      customers,
      bakeSeconds,
      ...(approvalSeconds !== undefined && { approvalSeconds }),
      ...(note !== undefined && { note: explain(note) }),
    };
  });
}

/** The customers to flip, in the order of the release: batches of at most 150 customers and 100 KB, each of one wave. */
export function* toBatches(waves: readonly CandidateWave[]): Generator<readonly PlannedCustomer[]> {
  for (const { candidates } of waves) yield* pack(toFlips(candidates), MOST_BATCH_BYTES);
}

/** The outcomes that the plan alone decides, packed like batches. */
export function toSettled(waves: readonly CandidateWave[]): Generator<readonly Outcome[]> {
  return pack(toOutcomes(waves), MOST_SETTLED_BYTES);
}

function* toFlips(candidates: readonly PlannedCandidate[]): Generator<PlannedCustomer> {
  for (const { id, name, referenceId, plannedAction } of candidates)
    if (plannedAction === "flip") yield { id, name, referenceId };
}

function* toOutcomes(waves: readonly CandidateWave[]): Generator<Outcome> {
  for (const { candidates } of waves) {
    for (const { id: customerId, name, referenceId, plannedAction } of candidates) {
      const customer = { customerId, name, referenceId };
      if (plannedAction === "unchanged") yield { ...customer, outcome: "unchanged", reason: { code: "already-there" } };
      else if (plannedAction !== "flip") yield { ...customer, outcome: "skipped", reason: plannedAction.skipped };
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
