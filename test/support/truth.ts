import { expect } from "@jest/globals";
import type { Report } from "../../lambda/rollout/report.ts";
import { readOutcomes, type World } from "./world.ts";

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
  { rolloutId, counts }: Report,
  { before, wantedFlag, planned }: Truth,
): Promise<void> {
  const outcomes = await readOutcomes(world, rolloutId);
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
      skipped: isUntouched && reason !== "",
      failed: reason.includes(id) && (isStaging === was || reason.includes("may have been flipped")),
      none: isUntouched,
    };
    const isTrue = truths[outcome ?? "none"] === true && (planned.has(id) ? outcome !== undefined : isUntouched);
    if (!isTrue) lies.push({ customer, was, outcome, reason });
    if (outcome !== undefined) seen[outcome as keyof typeof seen] += 1;
  }
  expect(lies).toEqual([]);
  expect(seen).toEqual(counts);
}

/** Nothing at all was written. */
export function expectUntouched({ emulator }: Pick<World, "emulator">, before: Before): void {
  const touched = [...emulator.customers()].filter(
    ({ id, isStaging, writes }) => writes > 0 || isStaging !== before.get(id),
  );
  expect(touched).toEqual([]);
}
