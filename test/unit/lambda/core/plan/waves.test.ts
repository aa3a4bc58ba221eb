import fc from "fast-check";
import type { WaveSize } from "../../../../../lambda/contract/wave.ts";
import { assignWaves, type Family } from "../../../../../lambda/core/plan/waves.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

const share = (percent: number): WaveSize => ({ kind: "share", hundredths: Math.round(percent * 100) });
const count = (customers: number): WaveSize => ({ kind: "customers", customers });
const cohort = (name: string): WaveSize => ({ kind: "cohort", cohort: name });
const REST: WaveSize = { kind: "rest" };

/** Families by how many of their customers are to be flipped; `cohorts` has the wave, from 1, that a cohort takes a family to. */
function assign(sizes: readonly number[], waves: readonly WaveSize[], cohorts: Readonly<Record<number, number>> = {}) {
  const families = sizes.map((flips, family) => ({ size: flips + 1, flips, cohortWave: cohorts[family] ?? 0 }));
  const asked = waves.map((size) => ({ size }));
  return assignWaves(families, asked);
}

const singles = (customers: number) => new Array<number>(customers).fill(1);

describe("a share", () => {
  test.each([
    { customers: 1_000, waves: [10], sizes: [100, 900] },
    { customers: 1_001, waves: [10], sizes: [101, 900] },
    { customers: 999, waves: [10], sizes: [100, 899] },
    { customers: 1, waves: [0.01], sizes: [1, 0] },
    { customers: 10_000, waves: [0.01], sizes: [1, 9_999] },
    { customers: 10_001, waves: [0.01], sizes: [2, 9_999] },
    { customers: 7, waves: [20, 20, 20, 20], sizes: [2, 2, 2, 1, 0] },
    { customers: 5, waves: [20, 20, 20, 20], sizes: [1, 1, 1, 1, 1] },
    { customers: 100, waves: [100], sizes: [100, 0] },
    { customers: 100, waves: [60, 60], sizes: [60, 40, 0] },
    { customers: 0, waves: [10], sizes: [0, 0] },
  ])("of $customers customers rounds up, the last wave takes the rest: $waves % is $sizes", (row) => {
    const { customers } = assign(singles(row.customers), [...row.waves.map(share), REST]);
    expect(customers).toEqual(row.sizes);
  });

  test("is of all customers to be flipped, those of cohorts too", () => {
    const { customers } = assign(singles(100), [cohort("canary"), share(10), REST], { 3: 1, 50: 1, 99: 1 });
    expect(customers).toEqual([3, 10, 87]);
  });
});

test.each([
  [99, [99, 1]],
  [100, [100, 0]],
  [101, [100, 0]],
])("a number of customers, of %d out of 100: %j", (wave, sizes) => {
  expect(assign(singles(100), [count(wave), REST]).customers).toEqual(sizes);
});

describe("a cohort", () => {
  test("takes its customers from any place, and no others, however many", () => {
    expect(assign(singles(6), [cohort("canary"), count(2), REST], { 1: 1, 5: 1 }).waveOf).toEqual([1, 0, 1, 2, 2, 0]);
    expect(assign(singles(4), [cohort("canary"), REST], { 0: 1, 1: 1, 2: 1, 3: 1 }).customers).toEqual([4, 0]);
  });

  test("takes the whole family of a member", () => {
    expect(assign([1, 40, 1], [cohort("canary"), share(1), REST], { 1: 1 }).customers).toEqual([40, 1, 1]);
  });

  test("of a later wave keeps its customers from the waves before it", () => {
    expect(assign(singles(4), [count(2), cohort("beta"), REST], { 0: 2, 1: 2 }).waveOf).toEqual([1, 1, 0, 0]);
  });
});

test("a family that does not fit into what is left of a wave waits, and those behind it fill up", () => {
  expect(assign([2, 3, 1, 1, 3], [count(4), count(3), REST]).waveOf).toEqual([0, 1, 0, 0, 2]);
});

test("a family that fits into no wave goes to the last, which says so", () => {
  const { waveOf, notes } = assign([5, 1, 1], [count(1), count(1), REST]);
  expect(waveOf).toEqual([2, 0, 1]);
  expect(notes).toEqual([undefined, undefined, { code: "large-family", customers: 5 }]);
});

describe("the notes of waves", () => {
  const EMPTY = { code: "wave-empty" };
  const short = (flip: number, quota: number) => ({ code: "wave-short", flip, quota });
  const NONE = undefined;

  test.each<[what: string, sizes: number[], waves: readonly WaveSize[], notes: readonly (object | undefined)[]]>([
    ["a cohort without a customer", [1, 1], [cohort("canary"), REST], [{ ...EMPTY, cohort: "canary" }, NONE]],
    ["an empty wave after waves that took all", [1, 1], [share(100), count(1), REST], [NONE, EMPTY, EMPTY]],
    [
      "a wave too small for any family",
      [3, 3],
      [count(2), REST],
      [short(0, 2), { code: "large-family", customers: 3 }],
    ],
    ["a wave that families did not fill", [2, 2, 2], [count(3), REST], [short(2, 3), NONE]],
    ["nothing to say of a last wave alone", [9, 1], [REST], [NONE]],
    ["no customer to be flipped", [], [REST], [EMPTY]],
    ["a wave of fewer: there are no more", [1, 1, 1], [count(2), count(2), REST], [NONE, NONE, EMPTY]],
  ])("tell of %s", (_what, sizes, waves, notes) => {
    expect(assign(sizes, waves).notes).toEqual(notes);
  });
});

test("a plan without a wave is refused", () => {
  expect(() => assign([1], [])).toThrow(/at least one wave/);
});

describe("for any groups and waves", () => {
  const anySize = fc.oneof(
    fc.integer({ min: 1, max: 10_000 }).map((hundredths): WaveSize => ({ kind: "share", hundredths })),
    fc.integer({ min: 1, max: 30 }).map(count),
    fc.constant(cohort("canary")),
  );
  const anyCase = fc
    .tuple(
      fc.array(anySize, { maxLength: 5 }),
      fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 12 })), { maxLength: 40 }),
      fc.array(fc.nat()),
    )
    .map(([first, sizes, picks]) => {
      const waves = [...first, REST];
      const cohortWaves = waves.flatMap(({ kind }, wave) => (kind === "cohort" ? [wave + 1] : []));
      const cohorts: Record<number, number> = {};
      for (const [index, pick] of picks.entries()) {
        const wave = cohortWaves[pick % Math.max(1, cohortWaves.length)];
        if (wave !== undefined && index % 3 === 0 && sizes.length > 0) cohorts[pick % sizes.length] = wave;
      }
      return { waves, sizes, cohorts };
    });

  /** Written anew from the rules, wave by wave, with lists. */
  function assignPlainly(sizes: readonly number[], waves: readonly WaveSize[], cohorts: Record<number, number>) {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let open = sizes.map((size, group) => ({ size, group })).filter(({ size, group }) => size > 0 && !cohorts[group]);
    return waves.map((wave, index) => {
      const ofCohort = sizes.flatMap((size, group) => (cohorts[group] === index + 1 && size > 0 ? [group] : []));
      if (wave.kind === "cohort") return ofCohort;
      let left = total;
      if (wave.kind === "share") left = Number((BigInt(total) * BigInt(wave.hundredths) + 9_999n) / 10_000n);
      if (wave.kind === "customers") left = wave.customers;
      const taken: number[] = [];
      for (const { size, group } of open) {
        if (size > left) continue;
        taken.push(group);
        left -= size;
      }
      open = open.filter(({ group }) => !taken.includes(group));
      return taken;
    });
  }

  test("each group is in the wave that the rules say and in no other; an empty wave has a note", () => {
    fc.assert(
      fc.property(anyCase, ({ sizes, waves, cohorts }) => {
        const { waveOf, customers, notes } = assign(sizes, waves, cohorts);
        const expected = assignPlainly(sizes, waves, cohorts);
        for (const [wave, groups] of expected.entries()) {
          const customersOf = groups.reduce((sum, group) => sum + sizes[group]!, 0);
          expect(waveOf.flatMap((of, group) => (of === wave && sizes[group]! > 0 ? [group] : []))).toEqual(groups);
          expect(customers[wave]).toBe(customersOf);
          if (customersOf === 0) expect(notes[wave]).toEqual(expect.objectContaining({ code: expect.any(String) }));
        }
        expect(expected.flat()).toHaveLength(sizes.filter((size) => size > 0).length);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("a million pairs are dealt out to 20 waves of an odd size, each customer once", () => {
  const families = new Array<Family>(1_000_000).fill({ size: 2, flips: 2, cohortWave: 0 });
  const waves = [...new Array<WaveSize>(19).fill(count(25_001)), REST].map((of) => ({ size: of }));
  const { customers } = assignWaves(families, waves);
  expect(customers.reduce((sum, of) => sum + of)).toBe(2_000_000);
});
