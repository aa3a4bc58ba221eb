import { roundUpShare } from "../../contract/share.ts";
import type { Wave, WaveSize } from "../../contract/wave.ts";

/**
 * Everybody who is to be flipped, in the release's order, as groups that stay together: a family, or a single customer.
 * Five bytes a group, so that a million customers are assigned in the memory of one function.
 */
export interface Groups {
  /** How many customers of each group are to be flipped; none for a group of which everybody stays. */
  readonly sizes: Uint32Array;
  /** For each group, which wave is the first whose cohort has a member of it, counted from 1; 0 when none has. */
  readonly cohortWave: Uint8Array;
}

export interface WaveAssignment {
  /** For each group, its wave, counted from 0. */
  readonly waveOf: Uint8Array;
  /** For each wave, how many customers it flips. */
  readonly customers: readonly number[];
  /** For each wave, what a person should know of it; undefined when it is as it was asked for. */
  readonly notes: readonly (string | undefined)[];
}

const MOST_WAVES = 250;
/** Of a group that no wave has yet. */
const OPEN = 255;

/**
 * Deals the groups out to the waves. A cohort's wave takes its groups, whole. The others take the groups in their order:
 * one that does not fit into what is left of a wave waits for a later wave, and smaller ones behind it fill up. The last
 * wave takes the rest, so a group that fits nowhere is in it. The same groups and waves give the same assignment.
 *
 * A plan's hash takes the waves in as the place of each customer: customers are hashed in the order in which they are
 * flipped, wave by wave, and each wave's number and bake stand before its first one.
 */
export function assignWaves({ sizes, cohortWave }: Groups, waves: readonly Pick<Wave, "size">[]): WaveAssignment {
  const last = waves.length - 1;
  if (last < 0 || last >= MOST_WAVES) throw new RangeError(`expected 1 to ${MOST_WAVES} waves, got ${waves.length}`);
  const waveOf = cohortWave.map((wave, group) => {
    if (wave > 0) return wave - 1;
    return sizes[group] === 0 ? last : OPEN;
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const quotas = waves.map(({ size }, wave) => (wave === last ? total : toQuota(size, total)));
  const deal = createDealer(sizes, waveOf);
  const waiting = quotas.map((quota, wave) => (quota === undefined ? 0 : deal(wave, quota)));
  const { customers, largest } = sumUp(sizes, waveOf, waves.length);
  const mostDealt = Math.max(0, ...quotas.slice(0, last).map((quota) => quota ?? 0));
  return {
    waveOf,
    customers,
    notes: waves.map(({ size }, wave) => {
      const [flip = 0, quota] = [customers[wave], quotas[wave]];
      if (wave < last) return toNote(size, { flip, quota, waiting: waiting[wave] ?? 0 });
      if (flip === 0) return NOBODY_LEFT;
      if (mostDealt === 0 || largest <= mostDealt) return undefined;
      return `a family of ${largest} customers fits into no wave before it`;
    }),
  };
}

/** How many customers a wave takes; undefined for a cohort's, which takes whom it takes. */
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

/** Gives open groups to one wave after another; says how many customers are still open then. */
function createDealer(sizes: Uint32Array, waveOf: Uint8Array) {
  let first = 0;
  let open = sizes.reduce((sum, size, group) => sum + (waveOf[group] === OPEN ? size : 0), 0);
  return (wave: number, quota: number): number => {
    let left = quota;
    while (first < sizes.length && waveOf[first] !== OPEN) first += 1;
    for (let group = first; left > 0 && open > 0 && group < sizes.length; group += 1) {
      const size = sizes[group] as number;
      if (size > left || waveOf[group] !== OPEN) continue;
      waveOf[group] = wave;
      left -= size;
      open -= size;
    }
    return open;
  };
}

function sumUp(sizes: Uint32Array, waveOf: Uint8Array, waves: number) {
  const customers = new Array<number>(waves).fill(0);
  let largest = 0;
  for (const [group, size] of sizes.entries()) {
    const wave = waveOf[group] as number;
    customers[wave] = (customers[wave] ?? 0) + size;
    if (wave === waves - 1 && size > largest) largest = size;
  }
  return { customers, largest };
}

const NOBODY_LEFT = "nobody is left for it";

interface Filled {
  readonly flip: number;
  readonly quota: number | undefined;
  /** How many customers no wave had yet when this one was full. */
  readonly waiting: number;
}

function toNote(size: WaveSize, { flip, quota, waiting }: Filled): string | undefined {
  if (size.kind === "cohort") return flip === 0 ? `nobody of cohort ${size.cohort} is left to be flipped` : undefined;
  if (quota === undefined || flip >= quota) return flip === 0 ? NOBODY_LEFT : undefined;
  if (waiting > 0) return `${flip} of ${quota} customers: every family that waits is larger than what is left`;
  return flip === 0 ? NOBODY_LEFT : undefined;
}
