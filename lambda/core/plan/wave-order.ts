import type { Wave } from "../../contract/wave.ts";
import { assignWaves } from "./waves.ts";

/** Everybody found, in the order of a release: families stand together. */
export interface ReleaseOrder {
  /** Who stands at each rank, as an index of the caller's. */
  readonly order: Uint32Array;
  /** Where the family of an index stands: the same for all of a family, and for nobody else. */
  placeOf(index: number): number;
  isFlip(index: number): boolean;
  /** The first wave, counted from 1, whose cohort selects the index; 0 for none. */
  cohortWaveOf(index: number): number;
}

/** The ranks of one wave, those who stay as they are among them. */
export interface RankedWave {
  readonly from: number;
  /** The first rank after it. */
  readonly to: number;
  /** How many are to be flipped. */
  readonly customers: number;
  readonly bakeSeconds: number;
  readonly note?: string | undefined;
}

export interface WaveOrder {
  readonly order: Uint32Array;
  readonly waves: readonly RankedWave[];
}

/** Puts the waves one after another; within each, the order stays what it was. */
export function orderByWave(ordered: ReleaseOrder, waves: readonly Wave[]): WaveOrder {
  const { waveOf, customers, notes } = assignWaves(toGroups(ordered), waves);
  const starts = new Uint32Array(waves.length + 1);
  forEachRank(ordered, (_index, group) => {
    const next = (waveOf[group] as number) + 1;
    starts[next] = at(starts, next) + 1;
  });
  for (let wave = 1; wave <= waves.length; wave += 1) starts[wave] = at(starts, wave) + at(starts, wave - 1);
  const order = new Uint32Array(ordered.order.length);
  const next = starts.slice();
  forEachRank(ordered, (index, group) => {
    const wave = waveOf[group] as number;
    order[at(next, wave)] = index;
    next[wave] = at(next, wave) + 1;
  });
  return {
    order,
    waves: waves.map(({ bakeSeconds }, wave) => ({
      from: at(starts, wave),
      to: at(starts, wave + 1),
      customers: customers[wave] ?? 0,
      bakeSeconds,
      ...(notes[wave] !== undefined && { note: notes[wave] }),
    })),
  };
}

function toGroups(ordered: ReleaseOrder) {
  let count = 0;
  forEachRank(ordered, (_index, group) => {
    count = group + 1;
  });
  const groups = { sizes: new Uint32Array(count), cohortWave: new Uint8Array(count) };
  forEachRank(ordered, (index, group) => {
    if (!ordered.isFlip(index)) return;
    groups.sizes[group] = at(groups.sizes, group) + 1;
    const cohort = ordered.cohortWaveOf(index);
    const known = groups.cohortWave[group] as number;
    if (cohort > 0 && (known === 0 || cohort < known)) groups.cohortWave[group] = cohort;
  });
  return groups;
}

/** Goes through the order; a group is a run of indexes of one family. */
function forEachRank({ order, placeOf }: ReleaseOrder, visit: (index: number, group: number) => void): void {
  let group = -1;
  let place: number | undefined;
  for (const index of order) {
    const here = placeOf(index);
    if (here !== place) group += 1;
    place = here;
    visit(index, group);
  }
}

function at(numbers: Uint32Array, index: number): number {
  return numbers[index] as number;
}
