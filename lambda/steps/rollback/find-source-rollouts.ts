import type { DeployEvent, FlipEvent, RetryEvent } from "../../contract/deploy-event.ts";
import type { Reason } from "../../core/reasons.ts";
import { findRestorable } from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { RolloutRecord } from "../../core/rollout-record.ts";
import type { Ledger } from "../ports.ts";

type SourceLedger = Pick<Ledger, "findRollout" | "findRollouts" | "getBatch">;

type FoundSource = { readonly source: SourceRollouts } | { readonly problem: Reason };

/** Finds the rollouts that a rollback undoes or a retry continues; none for any other event. */
export async function findSourceRollouts(
  ledger: SourceLedger,
  event: DeployEvent,
): Promise<FoundSource | { readonly source?: undefined }> {
  if (event.action !== "rollback" && event.action !== "retry") return {};
  const { rolloutId } = event;
  if (event.action === "rollback" && rolloutId === undefined) return findLast(ledger, event.release ?? "");
  const record = await ledger.findRollout(rolloutId ?? "");
  if (record === undefined) {
    return { problem: { code: "unknown-rollout", rolloutId: rolloutId ?? "" } };
  }
  return event.action === "retry" ? refuseRetried(ledger, toSource(record)) : refuseUnflipped(ledger, toSource(record));
}

/** A rollout that flipped no customer has nothing to roll back, and no release to hold. */
async function refuseUnflipped(ledger: SourceLedger, found: FoundSource): Promise<FoundSource> {
  if ("problem" in found) return found;
  const { rollouts } = found.source;
  if ((await readFlipped(ledger, rollouts)) !== "none") return found;
  return { problem: { code: "nothing-flipped", rolloutId: rollouts[0]?.rolloutId ?? "" } };
}

/** Two retries of one rollout would flip the same customers, and a rollback of the release would find only one of them. */
async function refuseRetried(ledger: SourceLedger, found: FoundSource): Promise<FoundSource> {
  if ("problem" in found) return found;
  const { rollouts, release } = found.source;
  const [retried] = rollouts;
  for (const newest of await ledger.findRollouts(release)) {
    const record = await ledger.findRollout(newest);
    const earlier = record === undefined ? [] : await readRetried(ledger, record);
    if (record?.event.action !== "retry" || !earlier.some(({ rolloutId }) => rolloutId === retried?.rolloutId))
      continue;
    return { problem: { code: "already-retried", rolloutId: retried?.rolloutId ?? "", by: newest } };
  }
  return refuseRestored(ledger, found);
}

/** A retry finishes a rollout: it would leave the customers that a rollback has restored, and say that all is done. */
async function refuseRestored(ledger: SourceLedger, found: { readonly source: SourceRollouts }): Promise<FoundSource> {
  const [retried] = found.source.rollouts;
  for (let index = 0; retried !== undefined && index < retried.batches; index += 1) {
    const { rollback } = await ledger.getBatch(retried.rolloutId, index);
    if (!rollback.some(({ outcome }) => outcome === "flipped")) continue;
    return { problem: { code: "was-rolled-back", rolloutId: retried.rolloutId } };
  }
  return found;
}

/**
 * The last rollout of a release that flipped a customer, with the rollouts that it retried, and with the newer ones of the
 * same action that only may have flipped customers.
 */
async function findLast(ledger: SourceLedger, release: string): Promise<FoundSource> {
  let last: SourceRollouts | undefined;
  for (const rolloutId of await ledger.findRollouts(release)) {
    const record = await ledger.findRollout(rolloutId);
    if (record === undefined) continue;
    const found = toSource(record);
    if ("problem" in found) continue;
    if (last !== undefined && found.source.action !== last.action) break;
    const rollouts = [...found.source.rollouts, ...(await readRetried(ledger, record))];
    const flipped = await readFlipped(ledger, rollouts);
    if (flipped === "none") continue;
    last = { ...found.source, ...last, rollouts: withoutRepeats([...(last?.rollouts ?? []), ...rollouts]) };
    if (flipped === "surely") break;
  }
  return last === undefined ? { problem: { code: "release-never-flipped", release } } : { source: last };
}

/** A rollout that was retried is found by itself, too. */
function withoutRepeats(rollouts: SourceRollouts["rollouts"]): SourceRollouts["rollouts"] {
  return [...new Map(rollouts.map((one) => [one.rolloutId, one])).values()];
}

/** Whether some customer of the rollouts was flipped, or at least may have been. */
async function readFlipped(
  { getBatch }: SourceLedger,
  rollouts: SourceRollouts["rollouts"],
): Promise<"surely" | "perhaps" | "none"> {
  let flipped: "perhaps" | "none" = "none";
  for (const { rolloutId, batches } of rollouts) {
    for (let index = 0; index < batches; index += 1) {
      const batch = await getBatch(rolloutId, index);
      if (batch.outcomes.some(({ outcome }) => outcome === "flipped")) return "surely";
      if (findRestorable(batch).length > 0) flipped = "perhaps";
    }
  }
  return flipped;
}

/** The rollouts that a rollout retried, and the rollouts that those retried, the newest first. */
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
    return { problem: { code: "is-rollback", rolloutId } };
  }
  if (plan === undefined || event.dryRun) {
    return { problem: { code: "never-began", rolloutId } };
  }
  const rollouts = [{ rolloutId, batches: plan.batches }];
  if (event.action !== "retry")
    return { source: { rollouts, action: event.action, release: event.release, how: toHow(event) } };
  return source === undefined
    ? { problem: { code: "unknown-source", rolloutId } }
    : { source: { ...source, rollouts, how: { ...source.how, ...toHow(event) } } };
}

/** Only what the event said: a retry takes the policy's present defaults. */
function toHow({ strategy, onFailure, limits }: FlipEvent | RetryEvent): SourceRollouts["how"] {
  return { ...(strategy && { strategy }), ...(onFailure && { onFailure }), ...(limits && { limits }) };
}
