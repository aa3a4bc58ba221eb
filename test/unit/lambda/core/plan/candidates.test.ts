import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createRoster } from "../../../../../lambda/core/plan/candidates.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { ALL_AT_ONCE, planFor, rankFor } from "../a-customer.ts";

const OPTIONS = { release: "2026.11.0", wantedFlag: false };

const nameOf = (name: string) => planFor([{ id: "c-1", name, accountId: "acme", isStaging: true }]).entries[0]?.name;

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

test("fifty thousand customers in many scripts come back whole, each once, in the release's order", () => {
  const names = ["Bäckerei Süß", "電話会社", "Ünïcödé 🎉 Ltd", "مقهى", "Acme"];
  const roster = createRoster({ ...OPTIONS, expected: 60_000 });
  for (let index = 0; index < 60_000; index += 1) {
    const id = `c-${(index * 7) % 50_000}`;
    roster.add({ id, name: `${names[index % 5]} ${id}`, accountId: "acme", isStaging: true });
  }
  const ranking = roster.seal(ALL_AT_ONCE);
  expect(ranking.size).toBe(50_000);
  const seen = new Set<string>();
  for (let rank = 0; rank < ranking.size; rank += 1) {
    const { id, name, plannedAction } = ranking.at(rank);
    seen.add(id);
    if (!name.endsWith(` ${id}`) || plannedAction !== "flip") expect({ id, name, plannedAction }).toBe("whole");
  }
  expect(seen.size).toBe(50_000);
});

test("more reasons than it can number are refused rather than mistaken", () => {
  const customer = { name: "", accountId: "acme", isStaging: true };
  const roster = createRoster({ ...OPTIONS, expected: 70_000 });
  let added = 0;
  expect(() => {
    for (; added < 70_000; added += 1) roster.add({ ...customer, id: `c-${added}`, skip: `reason ${added}` });
  }).toThrow(/32766 different reasons/);
  const ranking = roster.seal(ALL_AT_ONCE);
  for (let rank = 0; rank < ranking.size; rank += 1) {
    const { id, plannedAction } = ranking.at(rank);
    if (typeof plannedAction === "string" || plannedAction.skipped !== `reason ${id.slice(2)}`)
      expect({ id, plannedAction }).toBe("skipped");
  }
});

test("a roster takes more customers than were expected: a repeated lookup may leave rows behind", () => {
  const roster = createRoster({ ...OPTIONS, expected: 10 });
  for (let index = 0; index < 5_000; index += 1)
    roster.add({ id: `c-${index % 4_000}`, name: "Acme", accountId: "acme", isStaging: true });
  expect(roster.seal(ALL_AT_ONCE).size).toBe(4_000);
});

test("how many bytes id and name take as JSON is known without making them", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: anyCharacter, maxLength: 60 }),
      fc.stringMatching(/^[\x20-\x7e]{1,64}$/),
      (name, id) => {
        const ranking = rankFor([{ id, name, accountId: "acme", isStaging: true }]);
        const kept = ranking.at(0);
        const written = Buffer.byteLength(JSON.stringify(kept.id) + JSON.stringify(kept.name)) - 4;
        expect(ranking.jsonBytesAt(0)).toBe(written);
      },
    ),
  );
});
