import { chunk } from "../rollout/chunk.ts";
import { FinalError } from "../rollout/final-error.ts";
import type { Reading } from "../rollout/flip.ts";
import { showsAll } from "../rollout/kin.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import type { Connection } from "./ports.ts";

/** A customer that must be read to know who is above whom cannot be. */
export class UnreadableError extends FinalError {
  override readonly name = "UnreadableError";
}

/** A customer, and whoever is above it. */
export interface WithAncestors {
  readonly customer: CustomerFacts;
  readonly ancestorIds: readonly string[];
}

type Reader = Pick<Connection, "listCustomers" | "readCustomer">;

/**
 * Reads customers with all their ancestors; whom Evo Voice does not have is left out. Where it shows no whole breadcrumb,
 * it is asked for the parent, and for that one's parent. @throws UnreadableError
 */
export async function readAncestors(reader: Reader, ids: readonly string[]): Promise<readonly WithAncestors[]> {
  const known = new Map<string, CustomerFacts | undefined>();
  for (let asked = ids; asked.length > 0; asked = findUnknownParents(known)) {
    for (const [id, customer] of await readAll(reader, asked)) known.set(id, customer);
  }
  return ids.flatMap((id) => {
    const customer = known.get(id);
    return customer === undefined ? [] : { customer, ancestorIds: findAncestors(customer, known) };
  });
}

/** The same without a look at who is above them. */
export async function readAlone(reader: Reader, ids: readonly string[]): Promise<readonly WithAncestors[]> {
  const known = await readAll(reader, ids);
  return [...known.values()].flatMap((customer) => (customer === undefined ? [] : { customer, ancestorIds: [] }));
}

/** Whom one has to read to know who is above everybody. */
function findUnknownParents(known: ReadonlyMap<string, CustomerFacts | undefined>): readonly string[] {
  const parents = [...known.values()].flatMap((customer) =>
    customer?.parentCustomerId === undefined || showsAll(customer) ? [] : customer.parentCustomerId,
  );
  return [...new Set(parents)].filter((id) => !known.has(id));
}

/** Parents that go round in a circle end. */
function findAncestors(
  { id, ...customer }: CustomerFacts,
  known: ReadonlyMap<string, CustomerFacts | undefined>,
): readonly string[] {
  const ancestors = new Set<string>();
  const open = toNextAbove(customer);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === id || ancestors.has(next)) continue;
    ancestors.add(next);
    open.push(...toNextAbove(known.get(next)));
  }
  return [...ancestors];
}

function toNextAbove(customer: Pick<CustomerFacts, "parentCustomerId" | "ancestorIds"> | undefined): string[] {
  const { parentCustomerId, ancestorIds = [] } = customer ?? {};
  return parentCustomerId === undefined ? [...ancestorIds] : [...ancestorIds, parentCustomerId];
}

async function readAll(
  reader: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CustomerFacts | undefined>> {
  const found = new Map<string, CustomerFacts | undefined>();
  for (const some of chunk(ids)) {
    for (const customer of await reader.listCustomers(some)) found.set(customer.id, customer);
  }
  for (const id of ids) if (!found.has(id)) found.set(id, toCustomer(id, await reader.readCustomer(id)));
  return found;
}

function toCustomer(id: string, read: Reading): CustomerFacts | undefined {
  switch (read.reading) {
    case "found":
      return read.customer;
    case "missing":
      return undefined;
    case "unreadable":
      throw new UnreadableError(
        `customer ${id}, who must stay or is above one who must, cannot be read, so it is not known whom Evo Voice may move along with whom: ${read.reason}`,
      );
  }
}
