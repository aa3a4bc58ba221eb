import { randomBytes } from "node:crypto";
import { acceptDeployEvent } from "../contract/accept-deploy-event.ts";
import { type DeployEvent, fingerprintOf, readDeployEvent } from "../contract/deploy-event.ts";
import { toAttemptId } from "../contract/execution-name.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import { describeReason, type Explained, explain } from "../core/reasons.ts";
import type { RolloutStatus } from "../core/report/rollout-status.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { ControlsError, findForbidding } from "./check-controls.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** The answer to a deploy event. */
export interface Started {
  readonly rolloutId: string;
  /** `starting` until the worker has read the event; then the status in the ledger. */
  readonly status: RolloutStatus | "starting";
  /** True when the same event was sent before and had started this rollout. */
  readonly joined?: true;
  /** Its durable execution; with it the command `status` also finds a rollout that is not in the ledger. */
  readonly execution?: string | undefined;
  /** Of a dry run: why its rollout would be refused now. */
  readonly forbidden?: Explained | undefined;
}

/** Checks a deploy event completely, then starts the worker under the rollout's id. @throws RefusedError */
export async function startRollout(ports: StartRolloutPorts, input: unknown, via: Via): Promise<Started> {
  const accepted = acceptDeployEvent(input, ports.policy);
  refuseLarge(accepted);
  const event = await giveUsableId(ports, accepted);
  return (await findSame(ports, event)) ?? (await startWorker(ports, event, via));
}

/** Whether the rollout is one that this event has started. One that is not in the ledger yet may be. */
export async function hasStarted(ports: StartRolloutPorts, input: unknown, rolloutId: string): Promise<boolean> {
  const { event } = readDeployEvent(input);
  if (event === undefined || (await giveUsableId(ports, event, rolloutId)).id !== rolloutId) return false;
  const known = await ports.ledger.findRollout(rolloutId);
  return known === undefined || known.fingerprint === fingerprintOf(event);
}

/** The event becomes an item of the ledger, of at most 400 KB, together with its plan and its report. */
const MOST_EVENT_BYTES = 300_000;

function refuseLarge(event: DeployEvent): void {
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes <= MOST_EVENT_BYTES) return;
  throw new RefusedError(
    `nothing was done: the deploy event has ${bytes} bytes, expected at most ${MOST_EVENT_BYTES}; name its customers by a tag, a parent or a cohort of the policy`,
  );
}

/**
 * A rollout that was refused before its first flip has not used up its id, nor has a dry run for an event that flips: the
 * event gets the id of the next attempt.
 */
async function giveUsableId({ ledger }: StartRolloutPorts, event: DeployEvent, started?: string): Promise<DeployEvent> {
  if (event.id === undefined) return event;
  let id = event.id;
  for (let attempt = 2; id !== started && isUnused(event, await ledger.findRollout(id)); attempt += 1)
    id = toAttemptId(event.id, attempt);
  return { ...event, id };
}

function isUnused({ dryRun }: DeployEvent, known: RolloutRecord | undefined): boolean {
  return known?.status === "refused" || (known?.event.dryRun === true && !dryRun);
}

/** The rollout that the same event has started before. Without an id, an equal event is the same only while its rollout runs. */
async function findSame(ports: StartRolloutPorts, event: DeployEvent): Promise<Started | undefined> {
  if (event.id !== undefined) return findById(ports, event, event.id);
  const { lock } = await ports.ledger.readControls();
  if (lock?.fingerprint !== fingerprintOf(event)) return undefined;
  const { running } = await ports.executions.findEnd(lock.execution);
  return running ? join(lock, "running") : undefined;
}

async function findById(ports: StartRolloutPorts, event: DeployEvent, id: string): Promise<Started | undefined> {
  const known = await ports.ledger.findRollout(id);
  if (known === undefined) return undefined;
  if (known.fingerprint === fingerprintOf(event)) return join(known, known.status);
  throw new RefusedError(
    `nothing was done: the id ${id} belongs to a different event; ask for its status, or send this event with a new id`,
  );
}

function join(known: Pick<RolloutRecord, "rolloutId" | "execution">, status: RolloutStatus): Started {
  return { rolloutId: known.rolloutId, status, joined: true, execution: known.execution };
}

async function startWorker(ports: StartRolloutPorts, event: DeployEvent, via: Via): Promise<Started> {
  refuseLate(event, ports.nowMs());
  const why = await findForbidding(ports, { ...event, dryRun: false });
  // A dry run flips no customer.
  if (why !== undefined && !event.dryRun) throw new ControlsError(why);
  const rolloutId = event.id ?? `${event.action}-${randomBytes(6).toString("hex")}`;
  const start = await ports.executions.start(rolloutId, { ...event, via });
  switch (start.kind) {
    case "started":
      ports.log.info("rollout started", {
        rolloutId,
        action: event.action,
        release: "release" in event ? event.release : undefined,
      });
      return { rolloutId, status: "starting", execution: start.execution, forbidden: why && explain(why) };
    case "taken":
      return (await findSame(ports, event)) ?? refuseTaken(rolloutId);
  }
}

/** The worker refuses a late event too; here the sender gets the answer. */
function refuseLate({ notAfter }: DeployEvent, nowMs: number): void {
  if (notAfter === undefined || Date.parse(notAfter) >= nowMs) return;
  throw new RefusedError(`nothing was done: ${describeReason({ code: "too-late", notAfter })}`);
}

/** Lambda has an execution of this id with another payload, and the ledger has no rollout of it yet, or never will. */
function refuseTaken(rolloutId: string): never {
  throw new RefusedError(
    `nothing was done: the id ${rolloutId} belongs to a different event, which may differ only in requestedBy, reason, notAfter or the alias that it was sent to; ask for its status in a moment, or send this event with a new id`,
  );
}
