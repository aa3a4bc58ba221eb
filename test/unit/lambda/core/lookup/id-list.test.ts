import fc from "fast-check";
import { chunkIds, toIdList } from "../../../../../lambda/core/lookup/id-list.ts";
import { expect, test } from "../../../../support/jest.ts";

test("lists of ids fit into a URL of 2,000 characters, and name each id once, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 64 }), { maxLength: 300 }), (ids) => {
      const groups = chunkIds(ids);
      expect(groups.flat()).toEqual(ids);
      for (const group of groups) {
        const url = new URL("https://evovoice.example/customers");
        url.searchParams.set("specificIds", toIdList(group));
        expect(group.length).toBeGreaterThan(0);
        expect(group.length).toBeLessThanOrEqual(100);
        expect(url.href.length).toBeLessThan(1_900);
      }
    }),
  );
});
