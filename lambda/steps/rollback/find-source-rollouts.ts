import type { DeployEvent, FlipEvent, RetryEvent } from "../../contract/deploy-event.ts";
import type { RolloutRecord } from "../../core/records.ts";
import { findRestorable } from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

type SourceLedger = Pick<Ledger, "findRollout" | "findRollouts" | "getBatch">;

export type FoundSource = { readonly source?: SourceRollouts | undefined } | { readonly problem: string };

/** The rollout that a rollback turns back or a retry goes on with; nothing for any other event. */
export async function findSourceRollouts(ledger: SourceLedger, event: DeployEvent): Promise<FoundSource> {
  if (event.action !== "rollback" && event.action !== "retry") return {};
  const { rolloutId } = event;
  if (event.action === "rollback" && rolloutId === undefined) return findLast(ledger, event.release ?? "");
  const record = await ledger.findRollout(rolloutId ?? "");
  if (record === undefined) {
    return { problem: `no rollout ${rolloutId} is known; send the id that the answer to its deploy event gave` };
  }
  return event.action === "retry" ? refuseRetried(ledger, toSource(record)) : refuseIdle(ledger, toSource(record));
}

/** There is nothing to turn back, and no release to hold for it. */
async function refuseIdle(ledger: SourceLedger, found: FoundSource): Promise<FoundSource> {
  if ("problem" in found || found.source === undefined) return found;
  const { rollouts } = found.source;
  if (await hasFlipped(ledger, rollouts)) return found;
  return { problem: `rollout ${rollouts[0]?.rolloutId} flipped nobody, so there is nothing to turn back` };
}

/** Two retries of one rollout would take the same customers, and a rollback of the release would know of one of them only. */
async function refuseRetried(ledger: SourceLedger, found: FoundSource): Promise<FoundSource> {
  if ("problem" in found || found.source === undefined) return found;
  const { rollouts, release } = found.source;
  const [retried] = rollouts;
  for (const newest of await ledger.findRollouts(release)) {
    const record = await ledger.findRollout(newest);
    const earlier = record === undefined ? [] : await readRetried(ledger, record);
    if (record?.event.action !== "retry" || !earlier.some(({ rolloutId }) => rolloutId === retried?.rolloutId))
      continue;
    return {
      problem: `rollout ${newest} is a retry of rollout ${retried?.rolloutId} already, and has taken up who was left; send a retry of ${newest}`,
    };
  }
  return found;
}

/** The last rollout of a release that flipped anybody, and what it was a retry of: all that brought the release out. */
async function findLast(ledger: SourceLedger, release: string): Promise<FoundSource> {
  for (const rolloutId of await ledger.findRollouts(release)) {
    const record = await ledger.findRollout(rolloutId);
    const found = record && toSource(record);
    if (record === undefined || found === undefined || !("source" in found) || found.source === undefined) continue;
    const rollouts = [...found.source.rollouts, ...(await readRetried(ledger, record))];
    if (await hasFlipped(ledger, rollouts)) return { source: { ...found.source, rollouts } };
  }
  return { problem: `no rollout of release ${release} is known that flipped anybody` };
}

/** A rollout that flipped no customer is not the one to roll back. */
async function hasFlipped({ getBatch }: SourceLedger, rollouts: SourceRollouts["rollouts"]): Promise<boolean> {
  for (const { rolloutId, batches } of rollouts) {
    for (let index = 0; index < batches; index += 1)
      if (findRestorable(await getBatch(rolloutId, index)).length > 0) return true;
  }
  return false;
}

/** What a rollout was a retry of, and what that was a retry of, the newest first. */
async function readRetried(
  ledger: Pick<Ledger, "findRollout">,
  { source }: RolloutRecord,
): Promise<SourceRollouts["rollouts"]> {
  const retried = source?.rollouts ?? [];
  const [oldest] = retried.slice(-1);
  const record = oldest && (await ledger.findRollout(oldest.rolloutId));
  return record === undefined ? retried : [...retried, ...(await readRetried(ledger, record))];
}

function toSource({ rolloutId, event, plan, source }: RolloutRecord): FoundSource {
  if (event.action === "rollback") {
    return {
      problem: `rollout ${rolloutId} is a rollback itself; send the rollout that it turned back, or a new deploy event`,
    };
  }
  if (plan === undefined || event.dryRun) {
    return { problem: `rollout ${rolloutId} flipped nobody: it was a dry run, or ended before its first flip` };
  }
  const rollouts = [{ rolloutId, batches: plan.batches }];
  if (event.action !== "retry")
    return { source: { rollouts, action: event.action, release: event.release, how: toHow(event) } };
  return source === undefined
    ? { problem: `rollout ${rolloutId} does not say what it was a retry of` }
    : { source: { ...source, rollouts, how: { ...source.how, ...toHow(event) } } };
}

/** Only what the event said: the policy's defaults are those of the day. */
function toHow({ strategy, onFailure, limits }: FlipEvent | RetryEvent): SourceRollouts["how"] {
  return { ...(strategy && { strategy }), ...(onFailure && { onFailure }), ...(limits && { limits }) };
}
