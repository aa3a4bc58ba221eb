import { wantedFlag } from "../events/deploy-event.ts";
import { chunk } from "../rollout/chunk.ts";
import { FinalError } from "../rollout/final-error.ts";
import type { FoundCustomer } from "../rollout/roster.ts";
import { toShortName } from "../rollout/short-name.ts";
import { PROTECTED_BY_ORDER } from "../rollout/standing-orders.ts";
import type { Lookup, LookupProgress } from "./lookup-run.ts";
import type { FlipRollout } from "./part.ts";
import type { Ledger } from "./ports.ts";
import { readAlone, readAncestors, type WithAncestors } from "./read-ancestors.ts";

/** Written down like listings after the last one: who must stay below those who are to be flipped, and by order. */
export const FAMILY_LISTINGS = 2;

/**
 * After the last listing: finds whoever must stay where they are though the event does not select them, with all of their
 * ancestors, who are held back by the plan. @throws FinalError when it cannot be known: nobody is flipped on a guess
 */
export function lookAtFamilies(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  return progress.listing === lookup.listings.length ? lookBelow(lookup, progress) : noteProtected(lookup, progress);
}

export function toNextListing(progress: LookupProgress, extra: number): LookupProgress {
  const found = progress.found + extra;
  return {
    ...progress,
    listing: progress.listing + 1,
    pass: 1,
    accepted: [...progress.accepted, progress.pass],
    found,
    foundBefore: found,
  };
}

/** Gives those who are to be flipped by one ledger item after another, from the progress's page on. */
export function createFlipReader(ledger: Ledger, { rolloutId, event }: FlipRollout): Lookup["nextToFlip"] {
  const flag = wantedFlag(event.action);
  let items: AsyncGenerator<readonly FoundCustomer[]> | undefined;
  return async ({ accepted, page }) => {
    items ??= readItems(ledger, rolloutId, { accepted, from: page });
    const { value, done } = await items.next();
    if (done) return undefined;
    const flips = (value as readonly FoundCustomer[]).filter((one) => one.skip === undefined && one.isStaging !== flag);
    return flips.map(({ id }) => id);
  };
}

async function* readItems(
  ledger: Ledger,
  rolloutId: string,
  { accepted, from }: { readonly accepted: readonly number[]; readonly from: number },
): AsyncGenerator<readonly FoundCustomer[]> {
  let item = 0;
  for (const [listing, pass] of accepted.entries()) {
    for await (const { customers } of ledger.readFound(rolloutId, listing, pass)) {
      item += 1;
      if (item > from) yield customers;
    }
  }
}

/** Where everybody is selected, everybody has been judged; each page of it is a ledger item of the other listings. */
async function lookBelow(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const { ports, selection } = lookup;
  const isKnown = selection.targets.some((target) => "all" in target) || !ports.policy.childrenFollow;
  const parentIds = isKnown ? undefined : await lookup.nextToFlip(progress);
  if (parentIds === undefined) return toNextListing({ ...progress, page: 0 }, 0);
  const kept = await Promise.all(chunk(parentIds).map((ids) => readKeptBelow(lookup, ids)));
  const written = await write(lookup, progress, kept.flat());
  return { ...progress, page: progress.page + 1, found: progress.found + written };
}

async function readKeptBelow(lookup: Lookup, parentIds: readonly string[]): Promise<readonly FoundCustomer[]> {
  const { connection, findReason } = lookup;
  const below = await connection.listDescendants(parentIds);
  if (below.list === "unknown")
    throw new FinalError(
      `it cannot be known who is below those who are to be flipped, and may be moved along with them, so nobody was flipped: ${below.reason}`,
    );
  const kept = below.customers.filter((customer) => findReason(customer) !== undefined);
  const customers = await readAncestors(
    connection,
    kept.map(({ id }) => id),
  );
  return customers.flatMap((one) => toFamilyOnly(one, findReason(one.customer)));
}

/**
 * Standing orders as they are at the end of the lookup, so that all parts of the plan know the same. Where children do not
 * follow, nobody has to be known above them.
 */
async function noteProtected(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const { connection, ports } = lookup;
  const { protectedIds } = await ports.ledger.readOrders();
  const readUp = ports.policy.childrenFollow ? readAncestors : readAlone;
  const customers = await readUp(connection, protectedIds);
  const written = await write(
    lookup,
    progress,
    customers.flatMap((one) => toFamilyOnly(one, PROTECTED_BY_ORDER)),
  );
  return toNextListing(progress, written);
}

/** Once for each ancestor, or once. */
function toFamilyOnly({ customer, ancestorIds }: WithAncestors, skip: string | undefined): readonly FoundCustomer[] {
  if (skip === undefined) return [];
  const { id, name, accountId, isStaging } = customer;
  const found = { id, name: toShortName(name), accountId, isStaging, skip, familyOnly: true };
  return ancestorIds.length === 0 ? [found] : ancestorIds.map((parentCustomerId) => ({ ...found, parentCustomerId }));
}

async function write(
  { ports, rolloutId }: Lookup,
  { listing, pass, page }: LookupProgress,
  customers: readonly FoundCustomer[],
): Promise<number> {
  const pages = { listing, pass, page, idHashes: new Uint8Array(), customers, references: [] };
  await ports.ledger.putFound(rolloutId, pages);
  return customers.length;
}
