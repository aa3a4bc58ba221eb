import fc from "fast-check";
import type { Wave } from "../../../../../lambda/contract/wave.ts";
import type { Candidate } from "../../../../../lambda/core/plan/candidates.ts";
import {
  type ChangeKind,
  comparePlans,
  describeChanges,
  type EarlierCandidate,
} from "../../../../../lambda/core/plan/plan-comparison.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { ALL_AT_ONCE, aFound, wavesFor } from "../a-customer.ts";

const TWO_WAVES: readonly Wave[] = [{ size: { kind: "cohort", cohort: "canary" }, bakeSeconds: 60 }, ...ALL_AT_ONCE];
const SKIPPED = { skip: { code: "excluded" } } as const;
const CANARY = { cohortWave: 1 };

/** The entries of a plan as an earlier rollout left them behind. */
function entriesOf(found: readonly Candidate[], waves = TWO_WAVES): readonly EarlierCandidate[] {
  return wavesFor(found, { waves }).flatMap(({ candidates }, index) =>
    candidates.map(({ id, name, plannedAction }) =>
      plannedAction === "flip" ? { id, name, plannedAction, wave: index + 1 } : { id, name, plannedAction },
    ),
  );
}

function compare(before: readonly Candidate[], after: readonly Candidate[]) {
  const comparison = comparePlans(wavesFor(after, { waves: TWO_WAVES }));
  for (const entry of entriesOf(before)) comparison.addBefore(entry);
  return comparison.changes();
}

const KINDS = [
  "to be flipped now",
  "no longer to be flipped",
  "in another wave",
  "left out for another reason",
] as const;
const NONE = Object.fromEntries(KINDS.map((kind) => [kind, 0]));

describe("what changed since an earlier plan", () => {
  const right = { isStaging: false };
  const excluded = "skipped, excluded by the event";
  const [NOW, NO_LONGER, MOVED, STAYS] = KINDS;
  type Drawn = Partial<Candidate> | undefined;
  test.each<[what: string, before: Drawn, after: Drawn, kind: ChangeKind, was: string, is: string]>([
    ["was right before", right, {}, NOW, "unchanged", "wave 2"],
    ["was excluded", SKIPPED, {}, NOW, excluded, "wave 2"],
    ["was not there", undefined, {}, NOW, "not found", "wave 2"],
    ["is right now", {}, right, NO_LONGER, "wave 2", "unchanged"],
    ["is excluded", CANARY, SKIPPED, NO_LONGER, "wave 1", excluded],
    ["is gone", {}, undefined, NO_LONGER, "wave 2", "not found"],
    ["became a canary", {}, CANARY, MOVED, "wave 2", "wave 1"],
    ["is right and was excluded", SKIPPED, right, STAYS, excluded, "unchanged"],
    ["is found, and right", undefined, right, STAYS, "not found", "unchanged"],
    ["is gone, and was excluded", SKIPPED, undefined, STAYS, excluded, "not found"],
  ])("is said of a customer that %s", (_what, before, after, ...[kind, was, is]) => {
    const others = [aFound({ id: "c-2" }), aFound({ id: "c-3", ...SKIPPED })];
    const withOthers = (changes: Drawn) => (changes === undefined ? others : [...others, aFound(changes)]);
    expect(compare(withOthers(before), withOthers(after))).toEqual({
      counts: { ...NONE, [kind]: 1 },
      named: [{ id: "c-1", name: "Acme", kind, before: was, after: is }],
    });
  });

  test("is nothing for the same customers, in any order and by other names", () => {
    const found = [aFound(), aFound({ id: "c-2", ...CANARY }), aFound({ id: "c-3", ...SKIPPED })];
    const again = found.map((customer) => ({ ...customer, name: "Globex" })).reverse();
    const changes = compare(found, again);
    expect(changes).toEqual({ counts: NONE, named: [] });
    expect(describeChanges(changes)).toBe(
      "no customer is in another wave; the bakes or approvals differ, or the order within a wave",
    );
  });

  test("names the graver kinds first, up to 20, and counts all", () => {
    const many = (count: number, prefix: string, changes: Partial<Candidate>) =>
      Array.from({ length: count }, (_, index) => aFound({ id: `${prefix}-${index}`, ...changes }));
    const changes = compare(
      [...many(30, "moved", {}), ...many(19, "new", SKIPPED)],
      [...many(30, "moved", CANARY), ...many(19, "new", {})],
    );
    expect(changes.counts).toEqual({ ...NONE, [NOW]: 19, [MOVED]: 30 });
    expect(changes.named.map(({ kind }) => kind)).toEqual([...new Array(19).fill(NOW), MOVED]);
    const text = describeChanges(changes);
    expect(text).toMatch(
      /^19 to be flipped now, 30 in another wave: Acme {2}\(new-\d+\): skipped, excluded by the event → wave 2; /,
    );
    expect(text).toMatch(/; and 29 more$/);
  });

  test("has no more to tell than it names", () => {
    expect(describeChanges(compare([aFound(SKIPPED)], [aFound()]))).toBe(
      "1 to be flipped now: Acme  (c-1): skipped, excluded by the event → wave 2",
    );
  });

  test("is each customer whose place differs, once, for any two lookups", () => {
    const anyFound = fc.uniqueArray(
      fc.record(
        {
          id: fc.stringMatching(/^[ab]{1,4}$/),
          name: fc.constant("Acme"),
          isStaging: fc.boolean(),
          skip: fc.constantFrom<Reason[]>({ code: "excluded" }, { code: "protected-by-policy", by: "id" }),
          cohortWave: fc.constant(1),
        },
        { requiredKeys: ["id", "name", "isStaging"] },
      ),
      { selector: ({ id }) => id, maxLength: 30 },
    );
    fc.assert(
      fc.property(anyFound, anyFound, (before, after) => {
        const placesOf = (found: readonly Candidate[]) =>
          new Map(entriesOf(found).map(({ id, plannedAction, wave }) => [id, JSON.stringify([plannedAction, wave])]));
        const [was, is] = [placesOf(before), placesOf(after)];
        const expected = [...new Set([...was.keys(), ...is.keys()])].filter((id) => was.get(id) !== is.get(id));
        const { counts, named } = compare(before, after);
        expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(expected.length);
        expect(named).toHaveLength(Math.min(20, expected.length));
        for (const { id } of named) expect(expected).toContain(id);
        expect(new Set(named.map(({ id }) => id)).size).toBe(named.length);
      }),
      { numRuns: 100 },
    );
  });
});
