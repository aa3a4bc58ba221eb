import { FinalError } from "../../core/final-error.ts";
import { hashId } from "../../core/lookup/completeness.ts";
import type { CustomerPage, CustomerQuery, FoundPages } from "../../core/lookup/customer-query.ts";
import type { CustomerFacts } from "../../core/lookup/selection.ts";
import { toShortName } from "../../core/lookup/short-name.ts";
import type { Candidate } from "../../core/plan/candidates.ts";
import type { Lookup, LookupProgress } from "./lookup-run.ts";

/** Evo Voice's ids have 24 characters. */
const MOST_ID_CHARACTERS = 64;

/** Reads the next pages of a query at once, then writes their customers into the ledger. */
export async function readWindow(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const pages = await readPages(lookup, progress);
  const customers = pages.flatMap((page) => page.customers);
  const found = {
    query: progress.query,
    pass: progress.pass,
    page: progress.page,
    idHashes: Buffer.concat(customers.map(({ id }) => hashId(id))),
    customers: customers.flatMap((customer) => toFound(lookup, customer)),
    references: customers.flatMap((customer) => toReference(lookup, customer)),
  };
  const next = advance(progress, pages, found.customers.length);
  await lookup.ports.ledger.putFound(lookup.listing, found);
  return next;
}

function readPages(lookup: Lookup, { query, page, pages = 0 }: LookupProgress): Promise<readonly CustomerPage[]> {
  const { connection, queries, windowPages, pageSize, tagIds } = lookup;
  const request = { query: queries[query] as CustomerQuery, pageSize, tagIds };
  const length = Math.max(1, Math.min(windowPages, pages - page));
  return Promise.all(Array.from({ length }, (_, index) => connection.readPage({ ...request, page: page + index })));
}

function advance(progress: LookupProgress, pages: readonly CustomerPage[], found: number): LookupProgress {
  const last = pages.at(-1) as CustomerPage;
  const lastPage = hashId(last.customers.map(({ id }) => id).join()).toString("hex");
  // A server that counts its pages from 1 sends the first page twice.
  const isRepeated = Math.max(2, progress.pages ?? 0) <= progress.page && lastPage === progress.lastPage;
  return {
    ...progress,
    page: progress.page + pages.length,
    pages: progress.pages ?? countPages(last),
    lastPage,
    ended: last.customers.length === 0 || (isRepeated ? false : undefined),
    firstTotal: progress.page === 0 ? pages[0]?.total : progress.firstTotal,
    lastTotal: toLastTotal(progress, pages),
    found: progress.found + found,
  };
}

/** A total that changed during the pass stays visible: the first total that differs from the first page's is kept. */
function toLastTotal(progress: LookupProgress, pages: readonly CustomerPage[]): number | undefined {
  const first = progress.page === 0 ? pages[0]?.total : progress.firstTotal;
  if (progress.page > 0 && progress.lastTotal !== progress.firstTotal) return progress.lastTotal;
  return pages.find((page) => page.total !== first)?.total ?? pages.at(-1)?.total;
}

/**
 * How many pages there are, by the server's count and by the rows of the first page: a server may send fewer rows than it
 * was asked for. The number only limits how many pages are read at once: a pass ends with an empty page.
 */
function countPages({ customers, total = 0, totalPages = 0 }: CustomerPage): number {
  return Math.max(1, totalPages, Math.ceil(total / Math.max(1, customers.length)));
}

/** Reference ids are unique within an account only. */
function toReference(
  { references, selection }: Lookup,
  { id, referenceId, accountId }: CustomerFacts,
): FoundPages["references"] {
  if (referenceId === undefined || !references.has(referenceId) || !selection.accountIds.includes(accountId)) return [];
  return [[referenceId, id]];
}

/**
 * A customer as the ledger keeps it; empty when the event does not select the customer.
 * @throws FinalError when an id is too long to be one
 */
export function toFound(
  { judge, protectedIds, findCohortWave }: Pick<Lookup, "judge" | "protectedIds" | "findCohortWave">,
  customer: CustomerFacts,
): readonly Candidate[] {
  const { id, name, referenceId, isStaging } = customer;
  checkIds(customer);
  const judgement = judge(customer);
  if (judgement.verdict === "not selected") return [];
  const ancestorIds = ancestorsOf(customer);
  const found = {
    ...{ id, name: toShortName(name), isStaging },
    ...(referenceId !== undefined && { referenceId: toShortName(referenceId) }),
    ...(ancestorIds.length > 0 && { ancestorIds }),
  };
  if (judgement.verdict === "skipped") return [{ ...found, skip: judgement.reason }];
  if (protectedIds.has(id)) return [{ ...found, skip: { code: "protected-by-control" } }];
  const cohortWave = findCohortWave(customer);
  return [{ ...found, ...(cohortWave !== undefined && { cohortWave }) }];
}

/** @throws FinalError when an id is too long to be one */
function checkIds({ id, accountId, parentCustomerId = "", ancestorIds = [] }: CustomerFacts): void {
  checkId("customer", id);
  checkId("account", accountId);
  for (const ancestorId of [parentCustomerId, ...ancestorIds]) checkId("parent", ancestorId);
}

/** The parent and the breadcrumb that Evo Voice shows, each id once. */
function ancestorsOf({ id, parentCustomerId, ancestorIds = [] }: CustomerFacts): readonly string[] {
  const all = new Set(parentCustomerId === undefined ? ancestorIds : [parentCustomerId, ...ancestorIds]);
  all.delete(id);
  return [...all];
}

function checkId(whose: string, id: string): void {
  if (id.length <= MOST_ID_CHARACTERS) return;
  throw new FinalError({
    code: "bad-id",
    of: whose,
    start: id.slice(0, 24),
    characters: id.length,
    mostCharacters: MOST_ID_CHARACTERS,
  });
}
