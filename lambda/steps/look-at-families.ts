import { wantedFlag } from "../contract/deploy-event.ts";
import { chunk } from "../rollout/chunk.ts";
import { PROTECTED_BY_CONTROLS } from "../rollout/controls.ts";
import { FinalError } from "../rollout/final-error.ts";
import { NOT_SELECTED } from "../rollout/held-back.ts";
import { findAbove } from "../rollout/kin.ts";
import type { FoundCustomer } from "../rollout/roster.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import { toShortName } from "../rollout/short-name.ts";
import type { Lookup, LookupProgress } from "./lookup-run.ts";
import type { FlipRollout } from "./part.ts";
import type { Ledger } from "./ports.ts";
import { readAlone, readAncestors, type WithAncestors } from "./read-ancestors.ts";
import { checkIds } from "./read-window.ts";

/** Written down like listings after the last one: who is below those who are to be flipped, and who must stay by order. */
export const FAMILY_LISTINGS = 2;

/**
 * After the last listing: finds whom Evo Voice may move along though the event does not select them. Whoever of them must
 * stay holds all of their ancestors back; the others tell who belongs to one family, which comes in one wave.
 * @throws FinalError when it cannot be known: nobody is flipped on a guess
 */
export function lookAtFamilies(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  return progress.listing === lookup.listings.length ? noteBelow(lookup, progress) : noteProtected(lookup, progress);
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
async function noteBelow(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const { ports, selection } = lookup;
  const isKnown = selection.targets.some((target) => "all" in target) || !ports.policy.childrenFollow;
  const parentIds = isKnown ? undefined : await lookup.nextToFlip(progress);
  if (parentIds === undefined) return toNextListing({ ...progress, page: 0 }, 0);
  const below = await Promise.all(chunk(parentIds).map((ids) => readBelow(lookup, ids)));
  const written = await write(lookup, progress, below.flat());
  return { ...progress, page: progress.page + 1, found: progress.found + written };
}

async function readBelow(lookup: Lookup, parentIds: readonly string[]): Promise<readonly FoundCustomer[]> {
  const below = await lookup.connection.listDescendants(parentIds);
  if (below.list === "unknown")
    throw new FinalError(
      `it cannot be known who is below those who are to be flipped, and may be moved along with them, so nobody was flipped: ${below.reason}`,
    );
  const known = new Set([...parentIds, ...below.customers.map(({ id }) => id)]);
  return findAbove(below.customers, new Set(parentIds)).flatMap(({ customer, aboveIds }) => {
    const { parentCustomerId = "" } = customer;
    const parents = known.has(parentCustomerId) ? [parentCustomerId] : aboveIds;
    return toFamilyOnly({ customer, ancestorIds: parents }, findReasonBelow(lookup, customer));
  });
}

/** Why somebody below must not be moved along; undefined when the event moves it as well, or it is right already. */
function findReasonBelow({ findReason, judge, flag }: Lookup, customer: CustomerFacts): string | undefined {
  const reason = findReason(customer);
  if (reason !== undefined || customer.isStaging === flag) return reason;
  return judge(customer).verdict === "not selected" ? NOT_SELECTED : undefined;
}

/**
 * controls as they are at the end of the lookup, so that all parts of the plan know the same. Where children do not
 * follow, nobody has to be known above them.
 */
async function noteProtected(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const { connection, ports } = lookup;
  const { protectedIds } = await ports.ledger.readControls();
  const readUp = ports.policy.childrenFollow ? readAncestors : readAlone;
  const customers = await readUp(connection, protectedIds);
  const written = await write(
    lookup,
    progress,
    customers.flatMap((one) => toFamilyOnly(one, PROTECTED_BY_CONTROLS)),
  );
  return toNextListing(progress, written);
}

/** Once for each of those above, or once. */
function toFamilyOnly({ customer, ancestorIds }: WithAncestors, skip: string | undefined): readonly FoundCustomer[] {
  const { id, name, accountId, isStaging } = customer;
  checkIds(customer);
  const found = {
    id,
    name: toShortName(name),
    accountId,
    isStaging,
    ...(skip !== undefined && { skip }),
    familyOnly: true,
  };
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
