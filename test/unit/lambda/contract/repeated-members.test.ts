import fc from "fast-check";
import { findRepeatedMembers } from "../../../../lambda/contract/repeated-members.ts";
import { expect, test } from "../../../support/jest.ts";

const pathsIn = (json: string) => findRepeatedMembers(json).map(({ path }) => path);

test("repeated members are found at any depth, with their paths", () => {
  expect(
    pathsIn('{"a":{"b":1,"c":"{\\"x\\":1","b":2},"l":[1,{"x":1},[3,{"k\\u0061":1,"ka":2}]],"a" : 1,"s":"a\\":b"}'),
  ).toEqual(["a.b", "l[2][1].ka", "a"]);
});

test("the JSON text of a value has no repeated members", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 2), (json, indent) => {
      expect(pathsIn(JSON.stringify(JSON.parse(json), null, indent))).toEqual([]);
    }),
  );
});

test("a repeated member at any place is found", () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(objects, fc.nat(), fc.jsonValue(), (object, pick, value) => {
      const text = JSON.stringify(object);
      const names = Object.keys(JSON.parse(text));
      const name = JSON.stringify(names[pick % names.length]);
      expect(pathsIn(`${text.slice(0, -1)}, ${name} :${JSON.stringify(value)}}`)).toHaveLength(1);
    }),
  );
});
