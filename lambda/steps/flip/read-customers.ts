import type { Reading } from "../../core/flip/settle-before-flip.ts";
import { chunk } from "../../core/lookup/chunk.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import type { Connection } from "../ports.ts";
import { type Crew, inParallel } from "./in-parallel.ts";

export type Readings = ReadonlyMap<string, Reading>;

/** Lists many at once; whom the lists do not show is read alone. Who is in no reading was not reached in time. */
export async function readAfresh(
  run: Crew & { readonly connection: Connection },
  customers: readonly PlannedCustomer[],
): Promise<Readings> {
  const { connection, stopSignal } = run;
  const readings = new Map<string, Reading>();
  await inParallel(run, chunk(customers), async (some) => {
    const listed = await connection.listCustomers(some.map(({ id }) => id));
    for (const customer of listed) readings.set(customer.id, { reading: "found", customer });
  });
  const unlisted = customers.filter(({ id }) => !readings.has(id));
  await inParallel(run, unlisted, async ({ id }) => {
    readings.set(id, await connection.readCustomer(id));
  });
  stopSignal.throwError();
  return readings;
}
