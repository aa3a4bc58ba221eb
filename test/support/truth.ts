import { expect } from "@jest/globals";
import type { Report } from "../../lambda/rollout/report.ts";
import { readOutcomes, readReverts, type World } from "./world.ts";

/** What every customer of the emulator was like before a rollout. */
export type Before = ReadonlyMap<string, boolean>;

export function rememberFlags({ emulator }: Pick<World, "emulator">): Before {
  return new Map([...emulator.customers()].map(({ id, isStaging }) => [id, isStaging]));
}

export interface Truth {
  readonly before: Before;
  readonly wantedFlag: boolean;
  /** Ids of those whom the rollout may flip. */
  readonly planned: ReadonlySet<string>;
}

/** Compares the ledger's outcomes, one a customer, with what the emulator knows; nobody else may have been touched. */
export async function expectTrueOutcomes(
  world: World,
  report: Report,
  { before, wantedFlag, planned }: Truth,
): Promise<void> {
  const outcomes = await readOutcomes(world, report.rolloutId);
  const lies: unknown[] = [];
  const seen = { flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };
  for (const customer of world.emulator.customers()) {
    const { id, isStaging, writes } = customer;
    const { outcome, reason = "" } = outcomes.get(id) ?? {};
    const was = before.get(id);
    const isUntouched = writes === 0 && isStaging === was;
    const truths: Record<string, boolean> = {
      flipped: was === !wantedFlag && isStaging === wantedFlag && writes > 0,
      unchanged: was === wantedFlag && isUntouched,
      deferred: isUntouched && reason !== "",
      skipped: isUntouched && reason !== "",
      failed: reason.includes(id) && (isStaging === was || reason.includes("may have been flipped")),
      none: isUntouched,
    };
    const isTrue = truths[outcome ?? "none"] === true && (planned.has(id) ? outcome !== undefined : isUntouched);
    if (!isTrue) lies.push({ customer, was, outcome, reason });
    if (outcome !== undefined) seen[outcome as keyof typeof seen] += 1;
  }
  expectNoLies(lies, report);
  expect(seen).toEqual(report.counts);
}

/** Compares what the ledger says of those who were turned back with what the emulator knows of everybody. */
export async function expectTrueReverts(world: World, report: Report, before: Before): Promise<void> {
  const outcomes = await readOutcomes(world, report.rolloutId);
  const reverts = await readReverts(world, report.rolloutId);
  const lies: unknown[] = [];
  const seen = { flippedBack: 0, leftAlone: 0, left: 0 };
  for (const customer of world.emulator.customers()) {
    const { id, isStaging, writes } = customer;
    const { outcome = "none", reason = "" } = outcomes.get(id) ?? {};
    const revert = reverts.get(id)?.outcome ?? "none";
    const isBack = isStaging === before.get(id);
    const mayBeFlipped = outcome === "flipped" || (outcome === "failed" && reason.includes("may have been flipped"));
    const truths: Record<string, boolean> = {
      flipped: isBack && writes > 1 && (outcome === "flipped" || outcome === "failed"),
      skipped: isBack && outcome === "flipped",
      unchanged: isBack && outcome !== "flipped",
      failed: mayBeFlipped,
      none: isBack && outcome !== "flipped",
    };
    if (truths[revert] !== true) lies.push({ customer, was: before.get(id), outcome, reason, revert: reverts.get(id) });
    if (revert === "flipped") seen.flippedBack += 1;
    if (revert === "skipped") seen.leftAlone += 1;
    if (revert === "failed") seen.left += 1;
  }
  expectNoLies(lies, report);
  expect(report.reverted).toEqual(seen);
}

/** A rollout that ended before it did anything leaves a thousand customers without an outcome: a few of them say so. */
const MOST_SHOWN = 3;

function expectNoLies(lies: readonly unknown[], { status, problem }: Report): void {
  const few = { withoutTrueOutcome: lies.length, first: lies.slice(0, MOST_SHOWN), status, problem };
  expect(few).toEqual({ withoutTrueOutcome: 0, first: [], status, problem });
}

/** Nothing at all was written. */
export function expectUntouched({ emulator }: Pick<World, "emulator">, before: Before): void {
  const touched = [...emulator.customers()].filter(
    ({ id, isStaging, writes }) => writes > 0 || isStaging !== before.get(id),
  );
  expect({ touched: touched.length, first: touched.slice(0, MOST_SHOWN) }).toEqual({ touched: 0, first: [] });
}
