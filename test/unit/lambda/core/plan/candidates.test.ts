import fc from "fast-check";
import { createCandidates } from "../../../../../lambda/core/plan/candidates.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { ALL_AT_ONCE, planFor } from "../a-customer.ts";

const OPTIONS = { release: "2026.11.0", wantedFlag: false };

const nameOf = (name: string) => planFor([{ id: "c-1", name, isStaging: true }]).entries[0]?.name;

describe("a name", () => {
  test("that fits into 255 bytes is kept as it is", () => {
    for (const name of ["", "Acme", "電".repeat(85), "é".repeat(127), "🎉".repeat(63), "x".repeat(255)])
      expect(nameOf(name)).toBe(name);
  });

  test.each([
    ["電".repeat(86), "電".repeat(85)],
    ["é".repeat(128), "é".repeat(127)],
    ["🎉".repeat(64), "🎉".repeat(63)],
    [`x${"🎉".repeat(64)}`, `x${"🎉".repeat(63)}`],
    [`xxx${"🎉".repeat(64)}`, `xxx${"🎉".repeat(63)}`],
    [`xxxx${"🎉".repeat(64)}`, `xxxx${"🎉".repeat(62)}`],
  ])("that is longer is cut between two characters", (name, cut) => {
    expect(nameOf(name)).toBe(cut);
  });

  test("that is longer is always the whole beginning of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, minLength: 60, maxLength: 400 }), (name) => {
        const readable = name.toWellFormed().replaceAll(/\p{Cc}/gu, " ");
        const kept = nameOf(name) ?? "";
        expect(readable.startsWith(kept)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(255);
        if (kept !== readable) expect(Buffer.byteLength(kept)).toBeGreaterThan(251);
      }),
    );
  });

  test("cannot begin a new line or colour a terminal", () => {
    expect(nameOf("Acme\nfailed: 0\u001b[31m")).toBe("Acme failed: 0 [31m");
  });
});

test("fifty thousand customers in many scripts come back whole, each once", () => {
  const names = ["Bäckerei Süß", "電話会社", "Ünïcödé 🎉 Ltd", "مقهى", "Acme"];
  const candidates = createCandidates(OPTIONS);
  for (let index = 0; index < 60_000; index += 1) {
    const id = `c-${(index * 7) % 50_000}`;
    candidates.add({ id, name: `${names[index % 5]} ${id}`, isStaging: true });
  }
  const [wave] = candidates.toWaves(() => ALL_AT_ONCE);
  expect(wave?.flips).toBe(50_000);
  expect(new Set(wave?.candidates.map(({ id }) => id)).size).toBe(50_000);
  expect(wave?.candidates.filter(({ id, name }) => !name.endsWith(` ${id}`))).toEqual([]);
});

test("a hundred thousand different skip reasons are told apart", () => {
  const candidates = createCandidates(OPTIONS);
  for (let index = 0; index < 100_000; index += 1)
    candidates.add({
      id: `c-${index}`,
      name: "",
      isStaging: true,
      skip: { code: "unknown-cohort", cohort: `${index}` },
    });
  const [wave] = candidates.toWaves(() => ALL_AT_ONCE);
  for (const { id, plannedAction } of wave?.candidates ?? []) {
    const expected = { skipped: { code: "unknown-cohort", cohort: id.slice(2) } };
    if (JSON.stringify(plannedAction) !== JSON.stringify(expected)) expect(plannedAction).toEqual(expected);
  }
});

describe("the order of a release and the hash of its plan", () => {
  const found = Array.from({ length: 12 }, (_, index) => ({
    ...{ id: `c-${index}`, name: "Acme", isStaging: index % 4 > 0 },
    ...(index % 3 === 2 && { ancestorIds: [`c-${index - 1}`] }),
    ...(index === 7 && { skip: { code: "excluded" } as const }),
  }));

  test("stay the same for ever: a dry run of an earlier version names the same plan", () => {
    const { plan, entries } = planFor(found, {
      waves: [{ size: { kind: "customers", customers: 4 }, bakeSeconds: 60 }, ...ALL_AT_ONCE],
    });
    expect(entries.map(({ id }) => id)).toEqual([
      "c-1",
      "c-2",
      "c-10",
      "c-11",
      "c-7",
      "c-8",
      "c-3",
      "c-0",
      "c-6",
      "c-9",
      "c-4",
      "c-5",
    ]);
    expect(plan.hash).toBe("f84c2110592993e631033c123bf967964131af8411b9eea6ac3b770976ce47c7");
  });
});
