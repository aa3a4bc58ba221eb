import type { Report } from "../../lambda/core/report/report.ts";
import { type Claims, judge, type Recorded } from "../../local/start/oracle.ts";
import { expect } from "./jest.ts";
import { readOutcomes, readReverts, type World } from "./world.ts";

/** Every customer's flag before a rollout. */
export type Before = ReadonlyMap<string, boolean>;

export function rememberFlags({ emulator }: Pick<World, "emulator">): Before {
  return new Map([...emulator.customers()].map(({ id, isStaging }) => [id, isStaging]));
}

export interface Truth {
  readonly before: Before;
  /** Ids of the customers that the rollout may flip. */
  readonly planned: ReadonlySet<string>;
}

/** Expects the report and the ledger's outcomes to be what the emulator holds, and no other customer to be touched. */
export async function expectTrueOutcomes(world: World, report: Report, { before, planned }: Truth): Promise<void> {
  const outcomes = await readOutcomes(world, report.rolloutId);
  expectNoViolations(world, { report, before, planned, outcomes: toLists(outcomes) });
}

/** The same of a rollout that was rolled back, without a customer that the rollback did not come to. */
export async function expectTrueReverts(world: World, report: Report, before: Before): Promise<void> {
  const outcomes = await readOutcomes(world, report.rolloutId);
  const restores = await readReverts(world, report.rolloutId);
  const missed = [...outcomes].filter(([id, { outcome }]) => outcome === "flipped" && !restores.has(id));
  expect(missed).toEqual([]);
  expectNoViolations(world, { report, before, outcomes: toLists(outcomes), restores: toLists(restores) });
}

function toLists<Kind extends Recorded>(recordedById: ReadonlyMap<string, Kind>): ReadonlyMap<string, readonly Kind[]> {
  return new Map([...recordedById].map(([id, recorded]) => [id, [recorded]]));
}

/** A rollout that ended before it did anything leaves a thousand customers without an outcome: a few of them say so. */
const MOST_SHOWN = 3;

function expectNoViolations({ emulator }: World, claims: Omit<Claims, "accountIds">): void {
  const customers = [...emulator.customers()];
  // The plan says which customers may be touched, of whichever account.
  const { accountId, otherAccountId } = emulator;
  const accountIds = claims.planned === undefined ? [accountId] : [accountId, otherAccountId];
  const { violations } = judge({ ...claims, accountIds }, customers);
  const first = violations.slice(0, MOST_SHOWN).map((violation) => ({
    violation,
    customer: "customerId" in violation && customers.find(({ id }) => id === violation.customerId),
    reason: "customerId" in violation && claims.outcomes.get(violation.customerId),
  }));
  const { status, problems } = claims.report;
  expect({ violations: violations.length, first, status, problems }).toEqual({
    violations: 0,
    first: [],
    status,
    problems,
  });
}

/** Expects that no customer was written or moved. */
export function expectUntouched({ emulator }: Pick<World, "emulator">, before: Before): void {
  const touched = [...emulator.customers()].filter(
    ({ id, isStaging, writes }) => writes > 0 || isStaging !== before.get(id),
  );
  expect({ touched: touched.length, first: touched.slice(0, MOST_SHOWN) }).toEqual({ touched: 0, first: [] });
}
