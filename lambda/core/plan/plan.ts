import { createHash } from "node:crypto";
import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Outcome } from "../flip/outcome.ts";
import type { NamedCounts } from "../report/count-named.ts";
import type { Ranking, RosterEntry } from "./candidates.ts";
import type { PlannedAction } from "./planned-action.ts";
import type { RankedWave } from "./wave-order.ts";

/** What a rollout will do, before it does it. Its hash is the same for the same customers and the same decisions. */
export interface Plan {
  readonly hash: string;
  readonly flip: number;
  readonly unchanged: number;
  readonly skipped: number;
  /** How many customers are skipped for each reason. */
  readonly skippedBy: Readonly<Record<string, number>>;
  /** How many ledger items hold the customers to be flipped, and how many those that need no flip. */
  readonly batches: number;
  readonly settledItems: number;
  readonly waves: readonly PlannedWave[];
  /** Absent when the event names no customer by id or reference id. */
  readonly named?: NamedCounts | undefined;
}

/** A share of the plan with its own bake and gate. */
export interface PlannedWave {
  /** From 1. */
  readonly wave: number;
  /** Its batches, from one to another without it. */
  readonly from: number;
  readonly to: number;
  readonly customers: number;
  readonly bakeSeconds: number;
  /** Why it is not as it was asked for. */
  readonly note?: string | undefined;
}

export interface PlannedCustomer {
  readonly id: string;
  readonly name: string;
}

const MOST_CUSTOMERS = 250;
/** Of ids and names as they are written: leaves the larger part of a batch's 100 KB to what is recorded of them later. */
const MOST_BATCH_BYTES = 40_000;
const MOST_SETTLED_BYTES = 90_000;
/** A call of the hash costs more than a customer's line in it. */
const HASHED_AT_ONCE = 16_384;

/**
 * Sums up who is flipped and when, who is right already, who is skipped and why. The hash takes everybody in wave by
 * wave, in the order of the flips, so that it says who is in which wave, and how long each bakes.
 */
export function planRollout(event: Pick<FlipEvent, "action" | "release">, ranking: Ranking): Plan {
  const digest = createHash("sha256").update(`${event.action}\n${event.release}\n`);
  const skippedBy = new Map<string, number>();
  const counts = { flip: 0, unchanged: 0, skipped: 0 };
  for (const [index, { from, to, bakeSeconds }] of ranking.waves.entries()) {
    digest.update(`wave ${index + 1}\t${bakeSeconds}\n`);
    let lines = "";
    for (let rank = from; rank < to; rank += 1) {
      const { decision, reason } = toDecision(ranking.plannedActionAt(rank));
      lines += `${ranking.idAt(rank)}\t${reason}\n`;
      if (lines.length > HASHED_AT_ONCE) {
        digest.update(lines);
        lines = "";
      }
      counts[decision] += 1;
      if (decision === "skipped") skippedBy.set(reason, (skippedBy.get(reason) ?? 0) + 1);
    }
    digest.update(lines);
  }
  const waves = planWaves(ranking);
  return {
    hash: digest.digest("hex"),
    ...counts,
    skippedBy: Object.fromEntries([...skippedBy].sort(([, a], [, b]) => b - a)),
    batches: waves.at(-1)?.to ?? 0,
    settledItems: count(packSettled(ranking)),
    waves,
  };
}

function toDecision(plannedAction: PlannedAction) {
  if (typeof plannedAction === "string") return { decision: plannedAction, reason: plannedAction } as const;
  return { decision: "skipped", reason: plannedAction.skipped } as const;
}

function planWaves(ranking: Ranking): readonly PlannedWave[] {
  let batches = 0;
  return ranking.waves.map((ranked, index) => {
    const from = batches;
    batches += count(packBatches(ranking, ranked));
    const { customers, bakeSeconds, note } = ranked;
    return { wave: index + 1, from, to: batches, customers, bakeSeconds, ...(note !== undefined && { note }) };
  });
}

/** The customers to flip, wave by wave in the release's order, in batches of at most 250 customers and 100 KB of one wave. */
export function* toBatches(ranking: Ranking): Generator<readonly PlannedCustomer[]> {
  for (const wave of ranking.waves)
    for (const ranks of packBatches(ranking, wave)) yield ranks.map((rank) => toPlanned(ranking.at(rank)));
}

/** The outcomes that the plan alone decides, packed like batches. */
export function* toSettled(ranking: Ranking): Generator<readonly Outcome[]> {
  for (const ranks of packSettled(ranking)) yield ranks.map((rank) => toOutcome(ranking.at(rank)));
}

/** Batches as ranks: what they hold is made of its bytes only when it is written. */
function packBatches(ranking: Ranking, wave: RankedWave): Generator<readonly number[]> {
  const flips = ranksOf(wave, (rank) => ranking.isFlip(rank));
  return pack(flips, MOST_BATCH_BYTES, (rank) => EMPTY_PLANNED_BYTES + ranking.jsonBytesAt(rank));
}

function packSettled(ranking: Ranking): Generator<readonly number[]> {
  const others = ranksOf({ from: 0, to: ranking.size }, (rank) => !ranking.isFlip(rank));
  return pack(others, MOST_SETTLED_BYTES, (rank) => {
    const plannedAction = ranking.plannedActionAt(rank);
    const empty =
      typeof plannedAction === "string" ? EMPTY_UNCHANGED_BYTES : sizeOf(toOutcome({ ...NOBODY, plannedAction }));
    return empty + ranking.jsonBytesAt(rank);
  });
}

function toPlanned({ id, name }: PlannedCustomer): PlannedCustomer {
  return { id, name };
}

function toOutcome({ id: customerId, name, plannedAction }: RosterEntry): Outcome {
  return typeof plannedAction === "string"
    ? { customerId, name, outcome: "unchanged", reason: "was right already when the rollout was planned" }
    : { customerId, name, outcome: "skipped", reason: plannedAction.skipped };
}

function sizeOf(item: PlannedCustomer | Outcome): number {
  return Buffer.byteLength(JSON.stringify(item));
}

const NOBODY: PlannedCustomer = { id: "", name: "" };
const EMPTY_PLANNED_BYTES = sizeOf(NOBODY);
const EMPTY_UNCHANGED_BYTES = sizeOf(toOutcome({ ...NOBODY, plannedAction: "unchanged" }));

function* pack(
  ranks: Iterable<number>,
  mostBytes: number,
  bytesOf: (rank: number) => number,
): Generator<readonly number[]> {
  let packed: number[] = [];
  let bytes = 0;
  for (const rank of ranks) {
    const size = bytesOf(rank);
    if (packed.length === MOST_CUSTOMERS || bytes + size > mostBytes) {
      if (packed.length > 0) yield packed;
      packed = [];
      bytes = 0;
    }
    packed.push(rank);
    bytes += size;
  }
  if (packed.length > 0) yield packed;
}

function* ranksOf(
  { from, to }: Pick<RankedWave, "from" | "to">,
  isMeant: (rank: number) => boolean,
): Generator<number> {
  for (let rank = from; rank < to; rank += 1) if (isMeant(rank)) yield rank;
}

function count(items: Iterable<unknown>): number {
  let total = 0;
  for (const _item of items) total += 1;
  return total;
}
