import {
  countIndexItems,
  findIndexItem,
  findPlaces,
  toIndexItems,
} from "../../../../../lambda/core/plan/customer-index.ts";
import { expect, test } from "../../../../support/jest.ts";
import { planFor, wavesFor } from "../a-customer.ts";

test("every id and reference id leads to the place of its customer, and to few other places", () => {
  const customers = Array.from({ length: 2_001 }, (_, index) => {
    return { id: `c-${index}`, name: "Acme", referenceId: `REF-${index}`, isStaging: index % 3 > 0 };
  });
  const { plan, batches, settled } = planFor(customers);
  const items = countIndexItems(plan);
  const index = [...toIndexItems(wavesFor(customers), items)];
  const places = [
    ...batches.map((batch) => batch.map(({ id, referenceId }) => [id, referenceId as string])),
    ...settled.map((outcomes) => outcomes.map(({ customerId, referenceId }) => [customerId, referenceId as string])),
  ];
  const placesOf = (name: string) => findPlaces(index[findIndexItem(name, items)] as Float64Array, name);

  expect(index.map(({ byteLength }) => byteLength < 20_000)).toEqual([true, true]);
  const found = places.flatMap((names, place) => names.flat().map((name) => ({ name, place, places: placesOf(name) })));
  expect(found.filter(({ place, places }) => !places.includes(place))).toEqual([]);
  expect(found.flatMap(({ places }) => places).length).toBeLessThan(4_010);
  expect(placesOf("none")).toEqual([]);
});
