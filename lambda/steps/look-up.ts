import { type Completeness, createIdCollector, hashId, judgePasses, type Pass } from "../rollout/completeness.ts";
import { FinalError } from "../rollout/final-error.ts";
import type { Reading } from "../rollout/flip.ts";
import { type Listing, namedReferences, namedTags, type Page, type TagIds, toListings } from "../rollout/listing.ts";
import type { FoundCustomer } from "../rollout/roster.ts";
import { type CustomerFacts, createJudge, type Judgement, type Selection, toSelection } from "../rollout/selection.ts";
import { countIdle, type Progress, type Rollout, runPart, type StepRun, unlessOutOfTime } from "./part.ts";
import type { Connection, Ports } from "./ports.ts";

/** Where a lookup is: counters only, the customers are in the ledger. */
export interface LookupProgress extends Progress {
  readonly listing: number;
  readonly pass: number;
  readonly page: number;
  /** How many pages this pass has; undefined before its first page. */
  readonly pages?: number | undefined;
  readonly firstTotal?: number | undefined;
  readonly lastTotal?: number | undefined;
  /** For each finished listing, the pass that counts. */
  readonly accepted: readonly number[];
  /** How many found customers the ledger holds for the finished listings and this pass. */
  readonly found: number;
  readonly foundBefore: number;
}

export const LOOKUP_START: LookupProgress = {
  done: false,
  idleParts: 0,
  listing: 0,
  pass: 1,
  page: 0,
  accepted: [],
  found: 0,
  foundBefore: 0,
};

/** A ledger item of a lookup holds at most so many customers: about 100 KB. */
const MOST_ROWS = 1_000;

interface Lookup {
  readonly ports: Ports;
  readonly rolloutId: string;
  readonly connection: Connection;
  readonly selection: Selection;
  readonly listings: readonly Listing[];
  readonly judge: (customer: CustomerFacts) => Judgement;
  readonly references: ReadonlySet<string>;
  readonly tagIds: TagIds;
  readonly windowPages: number;
}

/**
 * Reads pages into the ledger until the time budget ends or every listing has shown that it is complete.
 * @throws FinalError when one cannot, or when a tag does not exist: nobody is flipped on a guess
 */
export async function lookUp(
  ports: Ports,
  rollout: Rollout,
  run: StepRun,
  from: LookupProgress,
): Promise<LookupProgress> {
  const options = { run, pace: from.pace, mark: `listing ${from.listing}, pass ${from.pass}, page ${from.page}` };
  return runPart(ports, rollout, options, async ({ connection, untilMs }) => {
    const lookup = await prepare(ports, rollout, connection);
    let progress = from;
    while (progress.listing < lookup.listings.length && (progress === from || ports.nowMs() < untilMs)) {
      const next = await unlessOutOfTime(advance(lookup, progress));
      if (next === undefined) break;
      progress = next;
    }
    const done = progress.listing === lookup.listings.length;
    const idleParts = countIdle(from, done || progress !== from);
    ports.log.info("looked up", { rolloutId: rollout.rolloutId, found: progress.found, done });
    return { ...progress, done, idleParts, pace: connection.pace() };
  });
}

async function prepare(ports: Ports, rollout: Rollout, connection: Connection): Promise<Lookup> {
  const { policy } = ports;
  const selection = toSelection(rollout.event, policy);
  const tags = namedTags(selection);
  const tagIds: TagIds = tags.length === 0 ? new Map() : await connection.readTagIds(policy.accountIds);
  const unknown = tags.filter((tag) => ![...tagIds.values()].some((ids) => ids.has(tag)));
  if (unknown.length > 0) {
    throw new FinalError(
      `no account of the policy has a tag ${unknown.map((tag) => `"${tag}"`).join(", ")}; correct the event or the policy`,
    );
  }
  return {
    ports,
    rolloutId: rollout.rolloutId,
    connection,
    selection,
    listings: toListings(selection),
    judge: createJudge(selection),
    references: namedReferences(selection),
    tagIds,
    windowPages: Math.max(1, Math.min(policy.concurrency, Math.floor(MOST_ROWS / policy.pageSize))),
  };
}

/** One window of pages, or the verdict on a pass whose pages are all read. */
async function advance(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  if (progress.pages !== undefined && progress.page >= progress.pages) return judgeListing(lookup, progress);
  return readWindow(lookup, progress);
}

async function readWindow(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const { ports, connection, tagIds, rolloutId } = lookup;
  const listing = lookup.listings[progress.listing] as Listing;
  const size = progress.pages === undefined ? 1 : Math.min(lookup.windowPages, progress.pages - progress.page);
  const { pageSize } = ports.policy;
  const pages = await Promise.all(
    Array.from({ length: size }, (_, index) =>
      connection.readPage({ listing, page: progress.page + index, pageSize, tagIds }),
    ),
  );
  const customers = pages.flatMap((page) => page.customers);
  const found = customers.flatMap((customer) => toFound(customer, lookup.judge(customer)));
  await ports.ledger.putFound(rolloutId, {
    listing: progress.listing,
    pass: progress.pass,
    page: progress.page,
    idHashes: Buffer.concat(customers.map(({ id }) => hashId(id))),
    customers: found,
    references: customers.flatMap(({ id, referenceId }) =>
      referenceId !== undefined && lookup.references.has(referenceId) ? [[referenceId, id] as const] : [],
    ),
  });
  return {
    ...progress,
    page: progress.page + size,
    pages: countPages(progress, pages),
    firstTotal: progress.page === 0 ? pages[0]?.total : progress.firstTotal,
    lastTotal: toLastTotal(progress, pages),
    found: progress.found + found.length,
  };
}

/** A total that changed in between stays visible: the first one that differs from the first page's is kept. */
function toLastTotal(progress: LookupProgress, pages: readonly Page[]): number | undefined {
  const first = progress.page === 0 ? pages[0]?.total : progress.firstTotal;
  if (progress.page > 0 && progress.lastTotal !== progress.firstTotal) return progress.lastTotal;
  return pages.find((page) => page.total !== first)?.total ?? pages.at(-1)?.total;
}

/**
 * How many pages there are: by the server's own count when it gives one, and by the rows that it really sent on the
 * first page, because a server may send fewer than were asked for. Without counts, pages go on until one is empty.
 */
function countPages(progress: LookupProgress, pages: readonly Page[]): number {
  const last = pages.at(-1) as Page;
  const read = progress.page + pages.length;
  if (progress.pages !== undefined && last.total !== undefined) return progress.pages;
  if (last.total === undefined) return last.customers.length === 0 ? read : read + 1;
  const rows = last.customers.length;
  const byRows = rows === 0 ? read : Math.ceil(last.total / rows);
  return Math.max(read, last.totalPages ?? 0, byRows);
}

async function judgeListing(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  const passes = await readPasses(lookup, progress);
  const completeness = judgePasses(passes);
  const next = { page: 0, pages: undefined, firstTotal: undefined, lastTotal: undefined };
  switch (completeness.verdict) {
    case "complete": {
      const extra = await settleNamed(lookup, progress, passes.at(-1) as Pass);
      const found = progress.found + extra;
      return {
        ...progress,
        ...next,
        listing: progress.listing + 1,
        pass: 1,
        accepted: [...progress.accepted, progress.pass],
        found,
        foundBefore: found,
      };
    }
    case "read again":
      return { ...progress, ...next, pass: progress.pass + 1, found: progress.foundBefore };
    case "incomplete":
      throw new FinalError(explain(completeness));
  }
}

function explain({ seen }: Extract<Completeness, { verdict: "incomplete" }>): string {
  return `the lookup cannot show that it found every customer, so nobody was flipped: ${seen}; try again when nobody is adding or removing customers`;
}

async function readPasses({ ports, rolloutId }: Lookup, progress: LookupProgress): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  for (let pass = 1; pass <= progress.pass; pass += 1) {
    const collector = createIdCollector();
    for await (const hashes of ports.ledger.readIdHashes(rolloutId, progress.listing, pass)) collector.add(hashes);
    const totals =
      pass === progress.pass ? { firstTotal: progress.firstTotal, lastTotal: progress.lastTotal } : undefined;
    passes.push({ ids: collector.ids(), firstTotal: totals?.firstTotal, lastTotal: totals?.lastTotal });
  }
  return passes;
}

/** Asks one by one for named customers that the listing did not show; returns how many were written. */
async function settleNamed(lookup: Lookup, progress: LookupProgress, pass: Pass): Promise<number> {
  const listing = lookup.listings[progress.listing] as Listing;
  if (listing.kind !== "ids") return 0;
  const seen = new Set(pass.ids);
  const missing = listing.customerIds.filter((id) => !seen.has(hashId(id).readBigUInt64LE()));
  if (missing.length === 0) return 0;
  const customers = await Promise.all(
    missing.map(async (id) => toNamed(id, await lookup.connection.readCustomer(id), lookup.judge)),
  );
  const found = customers.flat();
  await lookup.ports.ledger.putFound(lookup.rolloutId, {
    listing: progress.listing,
    pass: progress.pass,
    page: progress.page,
    idHashes: new Uint8Array(),
    customers: found,
    references: [],
  });
  return found.length;
}

export const UNKNOWN_CUSTOMER = "no customer has this id";

function toNamed(id: string, read: Reading, judge: Lookup["judge"]): readonly FoundCustomer[] {
  switch (read.reading) {
    case "found":
      return toFound(read.customer, judge(read.customer));
    case "missing":
      return [{ id, name: "", accountId: "", isStaging: undefined, skip: UNKNOWN_CUSTOMER }];
    case "unreadable":
      throw new Error(`a named customer cannot be looked up: ${read.reason}`);
  }
}

function toFound(customer: CustomerFacts, judgement: Judgement): readonly FoundCustomer[] {
  if (judgement.verdict === "not selected") return [];
  const { id, name, accountId, parentCustomerId, isStaging } = customer;
  return [
    {
      id,
      name,
      accountId,
      parentCustomerId,
      isStaging,
      ...(judgement.verdict === "skipped" && { skip: judgement.reason }),
    },
  ];
}
