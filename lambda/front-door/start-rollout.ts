import { randomBytes } from "node:crypto";
import { acceptDeployEvent } from "../contract/accept-deploy-event.ts";
import { type DeployEvent, fingerprintOf } from "../contract/deploy-event.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { RolloutRecord } from "../core/records.ts";
import type { RolloutStatus } from "../core/report/rollout-status.ts";
import { checkControls } from "./check-controls.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** The answer to a deploy event, at once. */
export interface Started {
  readonly rolloutId: string;
  /** `starting` until the worker has taken the event in; then as the ledger says. */
  readonly status: RolloutStatus | "starting";
  /** True when an earlier sending of the same event had started this rollout. */
  readonly joined?: true;
  /** Its durable execution; with it the command `status` also finds what never came into the ledger. */
  readonly execution?: string | undefined;
}

/** Checks a deploy event completely, then starts the worker under the rollout's id. @throws RefusedError */
export async function startRollout(ports: StartRolloutPorts, input: unknown): Promise<Started> {
  const event = acceptDeployEvent(input, ports.policy);
  return (await findSame(ports, event)) ?? (await startWorker(ports, event));
}

/** The rollout of an earlier sending; an event without an id is the same as an equal one only while that runs. */
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
  throw new RefusedError(`nothing was done: the id ${id} belongs to another event; give this one an id of its own`);
}

function join(
  { rolloutId, execution }: Pick<RolloutRecord, "rolloutId" | "execution">,
  status: RolloutStatus,
): Started {
  return { rolloutId, status, joined: true, execution };
}

async function startWorker(ports: StartRolloutPorts, event: DeployEvent): Promise<Started> {
  refuseLate(event, ports.nowMs());
  await checkControls(ports, event);
  const rolloutId = event.id ?? `${event.action}-${randomBytes(6).toString("hex")}`;
  const start = await ports.executions.start(rolloutId, event);
  switch (start.kind) {
    case "started":
      ports.log.info("rollout started", {
        rolloutId,
        action: event.action,
        release: "release" in event ? event.release : undefined,
      });
      return { rolloutId, status: "starting", execution: start.execution };
    case "taken":
      return (await findSame(ports, event)) ?? refuseTaken(rolloutId);
    case "too large":
      throw new RefusedError(
        "nothing was done: the deploy event is larger than Lambda takes; name its customers by a tag or a cohort of the policy",
      );
  }
}

/** The worker refuses it as well; here, whoever sent it hears of it. */
function refuseLate({ notAfter }: DeployEvent, nowMs: number): void {
  if (notAfter === undefined || Date.parse(notAfter) >= nowMs) return;
  throw new RefusedError(
    `nothing was done: the deploy event came too late: not after ${notAfter}; send a new event if it should still happen`,
  );
}

/** Lambda knows the id with another payload, and the ledger does not know it yet, or never will. */
function refuseTaken(rolloutId: string): never {
  throw new RefusedError(
    `nothing was done: the id ${rolloutId} was given to an event that is not this one, be it only in who asked, why or until when; ask for its status in a moment, or give this event an id of its own`,
  );
}
