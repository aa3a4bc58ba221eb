import {
  countIndexItems,
  findIndexItem,
  findPlaces,
  toIndexItems,
} from "../../../../../lambda/core/plan/customer-index.ts";
import { expect, test } from "../../../../support/jest.ts";
import { planFor, wavesFor } from "../a-customer.ts";

test("every id and reference id leads to the place of its customer, and to few other places", () => {
  const customers = Array.from({ length: 10_000 }, (_, index) => ({
    ...{ id: `c-${index}`, name: "Acme", referenceId: `REF-${index}` },
    isStaging: index % 3 > 0,
  }));
  const { plan, batches, settled } = planFor(customers);
  const items = countIndexItems(plan);
  const index = [...toIndexItems(wavesFor(customers), items)];
  const places = [
    ...batches.map((batch) => batch.map(({ id, referenceId }) => [id, referenceId as string])),
    ...settled.map((outcomes) => outcomes.map(({ customerId, referenceId }) => [customerId, referenceId as string])),
  ];
  const placesOf = (name: string) => findPlaces(index[findIndexItem(name, items)] as Float64Array, name);

  expect(Math.max(...index.map(({ byteLength }) => byteLength))).toBeLessThan(100_000);
  let found = 0;
  for (const [place, names] of places.entries())
    for (const name of names.flat()) {
      expect(placesOf(name)).toContain(place);
      found += placesOf(name).length;
    }
  expect(found).toBeLessThan(20_010);
  expect(placesOf("none")).toEqual([]);
});
