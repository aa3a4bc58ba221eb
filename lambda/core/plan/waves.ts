import { roundUpShare } from "../../contract/limits.ts";
import type { Wave, WaveSize } from "../../contract/wave.ts";
import type { Reason } from "../reasons.ts";

/** Customers that stay in one wave: a parent and its descendants, or a single customer. */
export interface Family {
  /** How many of the plan's customers belong to it. */
  readonly size: number;
  /** How many of them are to be flipped. */
  readonly flips: number;
  /** The first wave, counted from 1, whose cohort selects a customer of it that is to be flipped; 0 for none. */
  readonly cohortWave: number;
}

export interface WaveAssignment {
  /** For each family, its wave, counted from 0. */
  readonly waveOf: readonly number[];
  /** For each wave, how many customers it flips. */
  readonly customers: readonly number[];
  /** For each wave, what a person should know of it; undefined when it is as it was asked for. */
  readonly notes: readonly (Reason | undefined)[];
}

/** Of a family that has no wave yet. */
const OPEN = -1;

/**
 * Deals the families, in the order of the release, out to the waves. The wave of a cohort takes its families. Each other
 * wave takes families in their order: a family that is larger than what is left of the wave waits for a later wave, and
 * smaller families behind it fill up. The last wave takes the rest, also a family that fits nowhere.
 *
 * The plan's hash says which customer is in which wave: it takes the customers in wave by wave, and each wave's number
 * and bake before its first customer.
 */
export function assignWaves(families: readonly Family[], waves: readonly Pick<Wave, "size">[]): WaveAssignment {
  const last = waves.length - 1;
  if (last < 0) throw new RangeError("expected at least one wave");
  const waveOf = families.map(({ flips, cohortWave }) => {
    if (cohortWave > 0) return cohortWave - 1;
    return flips === 0 ? last : OPEN;
  });
  const total = families.reduce((sum, { flips }) => sum + flips, 0);
  const quotas = waves.map(({ size }, wave) => (wave === last ? total : toQuota(size, total)));
  const deal = createDealer(families, waveOf);
  const waiting = quotas.map((quota, wave) => (quota === undefined ? 0 : deal(wave, quota)));
  const { customers, largest } = sumUp(families, waveOf, waves.length);
  const mostDealt = Math.max(0, ...quotas.slice(0, last).map((quota) => quota ?? 0));
  return {
    waveOf,
    customers,
    notes: waves.map(({ size }, wave) => {
      const [flip = 0, quota] = [customers[wave], quotas[wave]];
      if (wave < last) return toNote(size, { flip, quota, waiting: waiting[wave] ?? 0 });
      if (flip === 0) return EMPTY;
      if (mostDealt === 0 || largest <= mostDealt) return undefined;
      return { code: "large-family", customers: largest };
    }),
  };
}

/** How many customers a wave takes; undefined for the wave of a cohort, which takes its customers. */
function toQuota(size: WaveSize, total: number): number | undefined {
  switch (size.kind) {
    case "share":
      return roundUpShare(size.hundredths, total);
    case "customers":
      return Math.min(size.customers, total);
    case "cohort":
      return undefined;
    case "rest":
      return total;
  }
}

/** Gives open families to one wave after another; returns how many customers are still open then. */
function createDealer(families: readonly Family[], waveOf: number[]) {
  let open = families.reduce((sum, { flips }, family) => sum + (waveOf[family] === OPEN ? flips : 0), 0);
  return (wave: number, quota: number): number => {
    let left = quota;
    for (const [family, { flips }] of families.entries()) {
      if (left === 0 || open === 0) break;
      if (flips > left || waveOf[family] !== OPEN) continue;
      waveOf[family] = wave;
      left -= flips;
      open -= flips;
    }
    return open;
  };
}

function sumUp(families: readonly Family[], waveOf: readonly number[], waves: number) {
  const customers = new Array<number>(waves).fill(0);
  let largest = 0;
  for (const [family, { flips }] of families.entries()) {
    const wave = waveOf[family] as number;
    customers[wave] = (customers[wave] ?? 0) + flips;
    if (wave === waves - 1 && flips > largest) largest = flips;
  }
  return { customers, largest };
}

const EMPTY = { code: "wave-empty" } as const;

interface Filled {
  readonly flip: number;
  readonly quota: number | undefined;
  /** How many customers no wave had yet when this one was full. */
  readonly waiting: number;
}

function toNote(size: WaveSize, { flip, quota, waiting }: Filled): Reason | undefined {
  if (size.kind === "cohort") return flip === 0 ? { ...EMPTY, cohort: size.cohort } : undefined;
  if (quota === undefined || flip >= quota) return flip === 0 ? EMPTY : undefined;
  if (waiting > 0) return { code: "wave-short", flip, quota };
  return flip === 0 ? EMPTY : undefined;
}
