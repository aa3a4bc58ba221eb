import { wantedFlag } from "../../contract/deploy-event.ts";
import { FinalError } from "../../core/final-error.ts";
import type { Reading } from "../../core/flip/flip-result.ts";
import { hashId, judgePasses, type Pass, toIds } from "../../core/lookup/completeness.ts";
import {
  type CustomerQuery,
  namedReferences,
  namedTags,
  type TagIds,
  toCustomerQueries,
} from "../../core/lookup/customer-query.ts";
import { createCohortFinder, createJudge } from "../../core/lookup/selection.ts";
import type { Candidate } from "../../core/plan/candidates.ts";
import type { Reason } from "../../core/reasons.ts";
import { createEndJudge } from "../../core/verify/end-differences.ts";
import type { Connection, Ports } from "../ports.ts";
import { countIdle, type FlipRollout, type StepRun, unlessOutOfTime } from "../run-part.ts";
import { runUnlessAborted } from "../run-unless-aborted.ts";
import { readExpected } from "../verify/read-expected.ts";
import { type Lookup, type LookupProgress, toEndListing } from "./lookup-run.ts";
import { readSelection } from "./read-selection.ts";
import { readWindow, toFound } from "./read-window.ts";

/** A ledger item of a lookup holds at most so many customers: about 100 KB. */
const MOST_ROWS = 1_000;

/**
 * Reads pages into the ledger until the time budget ends or every query is shown to be complete.
 * @throws FinalError when a query cannot be shown to be complete, or when a tag does not exist
 */
export async function lookUp(
  ports: Ports,
  rollout: FlipRollout,
  run: StepRun,
  from: LookupProgress,
): Promise<LookupProgress> {
  const options = { run, from, pace: from.pace, mark: `query ${from.query}, pass ${from.pass}, page ${from.page}` };
  return runUnlessAborted(ports, rollout, options, async ({ connection, log, untilMs }) => {
    const lookup = await unlessOutOfTime(prepare(ports, rollout, { connection, from }));
    let progress = from;
    while (lookup && !isLookedUp(lookup, progress) && (progress === from || ports.nowMs() < untilMs)) {
      const next = await unlessOutOfTime(advance(lookup, progress));
      if (next === undefined) break;
      progress = next;
    }
    const done = lookup !== undefined && isLookedUp(lookup, progress);
    const idleParts = countIdle(from, done || progress !== from);
    log.info(from.atEnd ? "listed at the end" : "looked up", { found: progress.found, done });
    return { ...progress, done, idleParts, pace: connection.pace() };
  });
}

function isLookedUp({ queries }: Lookup, { query }: LookupProgress): boolean {
  return query >= queries.length;
}

interface Preparation {
  readonly connection: Connection;
  readonly from: LookupProgress;
}

async function prepare(ports: Ports, rollout: FlipRollout, { connection, from }: Preparation): Promise<Lookup> {
  const { policy } = ports;
  const { rolloutId, event } = rollout;
  const selection = await readSelection(ports, rollout);
  const tags = namedTags(selection);
  const tagIds: TagIds = tags.length === 0 ? new Map() : await connection.readTagIds(policy.accountIds);
  checkTags(tags, tagIds);
  const { protectedIds } = await ports.ledger.readControls();
  const judge = createJudge(selection);
  return {
    ports,
    listing: from.atEnd ? toEndListing(rolloutId) : rolloutId,
    connection,
    selection,
    queries: toCustomerQueries(selection),
    judge: from.atEnd
      ? createEndJudge({
          expected: await readExpected(ports.ledger, rollout),
          wantedFlag: wantedFlag(event.action),
          judge,
        })
      : judge,
    protectedIds: new Set(protectedIds),
    findCohortWave: createCohortFinder(selection),
    references: namedReferences(selection),
    pageSize: policy.pageSize,
    tagIds,
    windowPages: Math.max(1, Math.min(policy.concurrency, Math.floor(MOST_ROWS / policy.pageSize))),
  };
}

/** A tag that no account has is a typing error. Of two tags with one name, a query would list the customers of only one. */
function checkTags(tags: readonly string[], tagIds: TagIds): void {
  const accounts = [...tagIds];
  const unknown = tags.filter((tag) => !accounts.some(([, ids]) => ids.has(tag)));
  const doubled = accounts.flatMap(([account, ids]) =>
    tags.filter((tag) => (ids.get(tag)?.length ?? 0) > 1).map((tag) => ({ tag, accountId: account })),
  );
  const problems: readonly Reason[] = [
    ...(unknown.length > 0 ? [{ code: "unknown-tags", tags: unknown } as const] : []),
    ...(doubled.length > 0 ? [{ code: "repeated-tags", tags: doubled } as const] : []),
  ];
  if (problems.length > 0) throw new FinalError(problems);
}

/** Reads one window of pages, or judges a pass whose pages are all read. */
async function advance(lookup: Lookup, progress: LookupProgress): Promise<LookupProgress> {
  if (progress.ended !== undefined) return judgeQuery(lookup, progress, progress.ended);
  return readWindow(lookup, progress);
}

async function judgeQuery(lookup: Lookup, progress: LookupProgress, ended: boolean): Promise<LookupProgress> {
  const { firstTotal, lastTotal, earlier, ...rest } = progress;
  const said = [...earlier, { firstTotal, lastTotal, ended }];
  const passes = await readPasses(lookup, progress, said);
  const completeness = judgePasses(passes);
  const next = { ...rest, page: 0, pages: undefined, lastPage: undefined, ended: undefined };
  switch (completeness.verdict) {
    case "complete": {
      const found = progress.found + (await settleNamed(lookup, progress, passes.at(-1) as Pass));
      const accepted = [...progress.accepted, progress.pass];
      return { ...next, query: progress.query + 1, pass: 1, earlier: [], accepted, found, foundBefore: found };
    }
    case "read again":
      return { ...next, earlier: said, pass: progress.pass + 1, found: progress.foundBefore };
    case "incomplete":
      throw new FinalError({ code: "incomplete-lookup", seen: completeness.seen });
  }
}

function readPasses(
  { ports, listing }: Lookup,
  { query }: LookupProgress,
  said: LookupProgress["earlier"],
): Promise<readonly Pass[]> {
  return Promise.all(
    said.map(async (ofPass, index) => {
      const ids = new Set<bigint>();
      for await (const hashes of ports.ledger.readIdHashes(listing, query, index + 1))
        for (const id of toIds(hashes)) ids.add(id);
      return { ...ofPass, ids };
    }),
  );
}

/** Reads the named customers that the query did not show, one by one; returns how many were written. */
async function settleNamed(lookup: Lookup, progress: LookupProgress, pass: Pass): Promise<number> {
  const query = lookup.queries[progress.query] as CustomerQuery;
  if (query.kind !== "ids") return 0;
  const missing = query.customerIds.filter((id) => [...toIds(hashId(id))].every((hash) => !pass.ids.has(hash)));
  if (missing.length === 0) return 0;
  const customers = await Promise.all(
    missing.map(async (id) => toNamed(id, await lookup.connection.readCustomer(id), lookup)),
  );
  const found = customers.flat();
  await lookup.ports.ledger.putFound(lookup.listing, {
    query: progress.query,
    pass: progress.pass,
    page: progress.page,
    idHashes: new Uint8Array(),
    customers: found,
    references: [],
  });
  return found.length;
}

function toNamed(id: string, read: Reading, lookup: Lookup): readonly Candidate[] {
  switch (read.reading) {
    case "found":
      return toFound(lookup, read.customer);
    case "missing":
      return [{ id, name: "", isStaging: undefined, skip: { code: "unknown-customer" } }];
    case "unreadable":
      throw new FinalError({ code: "customer-unreadable", customerId: id, why: read.reason });
  }
}
