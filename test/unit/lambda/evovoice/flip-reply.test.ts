import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseFlipReply } from "../../../../lambda/evovoice/flip-reply.ts";

const REST = { name: "Acme", data: { seats: { numberValue: 49 } } };

describe("a flip's reply is read", () => {
  test("as far as its flag, where that stands once and in its place", () => {
    expect(parseFlipReply(JSON.stringify({ id: "c1", isStaging: true, ...REST }))).toEqual({
      id: "c1",
      isStaging: true,
    });
  });

  test.each<[about: string, body: unknown]>([
    ["has its flag at the end", { id: "c1", ...REST, isStaging: false }],
    ["has no flag", { id: "c1", ...REST }],
    ["has its flag deeper only", { id: "c1", data: { isStaging: true, seats: 1 }, name: "Acme" }],
    ["has another flag deeper", { id: "c1", data: { isStaging: true, seats: 1 }, isStaging: false, name: "Acme" }],
    ["has its id after the flag", { isStaging: true, id: "c1", ...REST }],
    ["has a flag that is none", { id: "c1", isStaging: { not: "a", flag: 1 }, ...REST }],
    ["has a flag of text", { id: "c1", isStaging: "yes, it is", ...REST }],
    ["is a list", [{ id: "c1", isStaging: true, ...REST }]],
    ["is a text that looks like one", '{"id":"c1","isStaging":true,"name":"Acme"}'],
    ["holds a text that looks like a flag", { id: "c1", name: '"isStaging":true,', isStaging: false, tags: [] }],
    ["is null", null],
  ])("as a whole, when it %s", (_about, body) => {
    const { id, isStaging } = Object(parseFlipReply(JSON.stringify(body)));
    expect({ id, isStaging }).toEqual({ id: Object(body).id, isStaging: Object(body).isStaging });
  });

  test.each([
    ["ends before its flag", '{"id":"c1","isSta'],
    ["ends after its flag", '{"id":"c1","isStaging":true,"name":"Ac'],
    ["is no JSON before its flag", '{"id":"c1" "isStaging":true,"name":"Acme"}'],
    ["is empty", ""],
    ["is a page", "<html>sign in</html>"],
  ])("as none, when it %s", (_about, text) => {
    expect(parseFlipReply(text)).toBeUndefined();
  });

  test("as JSON says it, whatever it holds", () => {
    const key = fc.constantFrom("id", "isStaging", "data", "name", '"isStaging":', "x,y");
    const body = fc.letrec((tie) => ({
      value: fc.oneof(fc.boolean(), fc.constantFrom("c1", '"isStaging":true,', "}", ","), fc.integer(), tie("object")),
      object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    })).object;
    fc.assert(
      fc.property(body, (given) => {
        const { id, isStaging } = parseFlipReply(JSON.stringify(given)) as Record<string, unknown>;
        const { id: givenId, isStaging: givenFlag } = given as Record<string, unknown>;
        expect({ id, isStaging }).toEqual({ id: givenId, isStaging: givenFlag });
      }),
      { numRuns: 2_000 },
    );
  });
});
