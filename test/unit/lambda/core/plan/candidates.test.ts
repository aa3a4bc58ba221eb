import fc from "fast-check";
import type { Wave } from "../../../../../lambda/contract/wave.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { ALL_AT_ONCE, planFor } from "../a-customer.ts";

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

test("the order of a release and the hash of its plan stay the same for ever", () => {
  const found = Array.from({ length: 12 }, (_, index) => ({
    ...{ id: `c-${index}`, name: "Acme", isStaging: index % 4 > 0 },
    ...(index % 3 === 2 && { ancestorIds: [`c-${index - 1}`] }),
    ...(index === 7 && { skip: { code: "excluded" } as const }),
  }));
  const waves: readonly Wave[] = [{ size: { kind: "customers", customers: 4 }, bakeSeconds: 60 }, ...ALL_AT_ONCE];
  const { plan, entries } = planFor(found, { waves });
  expect(entries.map(({ id }) => Number(id.slice(2)))).toEqual([1, 2, 10, 11, 7, 8, 3, 0, 6, 9, 4, 5]);
  expect(plan.hash).toBe("f84c2110592993e631033c123bf967964131af8411b9eea6ac3b770976ce47c7");
});
