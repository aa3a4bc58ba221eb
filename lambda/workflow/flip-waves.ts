import { addCounts, countOutcomes } from "../core/flip/outcome.ts";
import type { PlannedWave } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import type { WaveResult } from "../core/report/report.ts";
import { createFlipTask } from "../steps/flip/batch-run.ts";
import {
  afterFailure,
  FLIP_START,
  type FlipProgress,
  flipPart,
  skipRemainingPart,
  whyStopped,
} from "../steps/flip/flip-part.ts";
import { type ChildrenProgress, checkChildren, withoutCheck } from "../steps/gate/check-children.ts";
import { toWaveConfig, withFreezes } from "../steps/gate/gate-config.ts";
import { createGatePoller } from "../steps/gate/gate-poller.ts";
import { publishGate } from "../steps/gate/publish-gate.ts";
import { publish } from "../steps/report/publish.ts";
import { reasonsOf } from "./durable.ts";
import { type OpenedWave, openWave, waitAtGate } from "./open-wave.ts";
import type { Ready } from "./prepare-rollout.ts";
import { verify } from "./verify.ts";

export interface FlippedWaves {
  readonly progress: FlipProgress;
  /** Absent when the first wave was not opened: no flip was begun. */
  readonly waves?: readonly WaveResult[] | undefined;
}

/** Wave by wave { open → flip → verify → gate }, until all waves are done or a stop ends them. */
export async function flipWaves(ready: Ready): Promise<FlippedWaves> {
  const { plan, commandState, pace } = ready;
  let progress: FlipProgress = { ...FLIP_START, commandState, pace };
  const waves: WaveResult[] = [];
  for (const wave of plan.waves) {
    if (wave.customers === 0) {
      waves.push(passEmpty(wave));
      continue;
    }
    const inWave = limitWave(ready, wave, progress);
    const opened = await openWave(inWave, wave, progress);
    if (wave.from === 0 && whyStopped(opened.progress) !== undefined) return { progress: opened.progress };
    const passed = await passGate(inWave, wave, await flipChecked(inWave, wave, opened));
    progress = passed.progress;
    waves.push({ ...passed.result, approval: opened.approval });
    if (whyStopped(progress) !== undefined) break;
  }
  return { progress, waves };
}

function passEmpty({ wave, customers, bakeSeconds, note }: PlannedWave): WaveResult {
  return { wave, customers, bakeSeconds, reasons: note === undefined ? [] : [note] };
}

/** Failures count over the whole rollout and within the wave. The only wave has no limit besides that of the rollout. */
function limitWave(ready: Ready, { wave, customers: planned }: PlannedWave, { counts }: FlipProgress): Ready {
  const { ports, rollout, plan, gateConfig: config } = ready;
  if (planned === plan.flip) return ready;
  const limited = { wave, planned, failedBefore: counts.failed };
  return { ...ready, gateConfig: toWaveConfig(ports, rollout.event, { config, wave: limited }) };
}

interface FlippedWave {
  readonly progress: FlipProgress;
  /** For the reasons of the gate. */
  readonly notes: readonly Reason[];
}

/** Flips a wave and verifies it. After the first flips: flags are independent, or a child that no plan flips has moved. */
async function flipChecked(ready: Ready, wave: PlannedWave, { progress, children }: OpenedWave): Promise<FlippedWave> {
  const sent = whyStopped(progress) === undefined ? await flip(ready, wave, progress) : progress;
  const flipped = whyStopped(sent) === undefined ? await verifyWave(ready, wave, sent) : sent;
  if (whyStopped(flipped) !== undefined) return { progress: flipped, notes: [] };
  const { ports, durable, rollout, plan } = ready;
  const done = { change: "wave done", wave: wave.wave, waves: plan.waves.length, counts: flipped.counts } as const;
  await durable.step(`publish-wave-${wave.wave}`, () => publish(ports, rollout, done));
  if (children === undefined) return { progress: flipped, notes: [] };
  const { moved, unread } = await durable.runParts<ChildrenProgress>({
    name: "check-children",
    start: { ...children, done: children.children.length === 0, pace: flipped.pace },
    part: (run, from) => checkChildren(ports, rollout, run, from),
    afterFailure: withoutCheck,
  });
  return {
    progress: { ...flipped, stop: moved },
    notes: unread === undefined ? [] : [{ code: "children-not-checked", why: unread }],
  };
}

/** Part by part. A part that fails for good stops the rollout. */
function flip(ready: Ready, wave: PlannedWave, progress: FlipProgress): Promise<FlipProgress> {
  const { ports, durable, rollout, plan } = ready;
  const gateConfig = withFreezes(ports, rollout.event, ready.gateConfig);
  const poll = createGatePoller(ports, rollout, gateConfig);
  return durable.runParts({
    name: `flip-${wave.wave}-part`,
    start: { ...progress, done: false },
    part: (run, from) => flipPart(ports, rollout, run, { plan, gateConfig, from, to: wave.to }),
    poll: (gate, { counts }) => poll(gate, counts.failed),
    afterFailure,
  });
}

/** A flag that did not arrive is sent once more, and its customer is read once more. */
async function verifyWave(
  ready: Ready,
  { wave, from, to }: PlannedWave,
  progress: FlipProgress,
): Promise<FlipProgress> {
  const { ports, rollout, gateConfig } = ready;
  const { settleSeconds } = ports.policy;
  const { counts, commandState, pace, stop, problem } = await verify(ready, {
    name: `wave-${wave}`,
    waitSeconds: [settleSeconds, settleSeconds],
    createTask: () => createFlipTask(ports, rollout),
    first: from,
    to,
    before: progress.verified.counts,
    gateConfig,
    count: (sum, batch) => addCounts(sum, countOutcomes(batch.outcomes)),
    commandState: progress.commandState,
    pace: progress.pace,
  });
  const applied = { ...progress, commandState, pace, stop, problem };
  // A round that was ended early has not counted the whole wave.
  return whyStopped(applied) === undefined ? { ...applied, counts, verified: { batch: to, counts } } : applied;
}

/** The decision after a wave and during its bake. A wave that was stopped while it was flipped needs no further decision. */
async function passGate(ready: Ready, wave: PlannedWave, flipped: FlippedWave) {
  const { ports, durable, rollout, plan } = ready;
  const isStopped = whyStopped(flipped.progress) !== undefined;
  const { progress, notes } = isStopped ? flipped : await bake(ready, wave, flipped);
  const decided = toDecided(progress, notes);
  const isLast = plan.waves.every(({ wave: other, customers }) => other <= wave.wave || customers === 0);
  const lateAbort = await durable.step(`publish-gate-${wave.wave}`, () =>
    publishGate(ports, rollout, { wave: wave.wave, decided, isLast, commandState: progress.commandState }),
  );
  const { decision, reasons } = lateAbort ?? decided;
  const { customers, bakeSeconds } = wave;
  return {
    progress: lateAbort === undefined ? progress : { ...progress, stop: lateAbort },
    result: { wave: wave.wave, customers, bakeSeconds, decision, reasons },
  };
}

async function bake(
  ready: Ready,
  { wave, bakeSeconds }: PlannedWave,
  { progress, notes }: FlippedWave,
): Promise<FlippedWave> {
  try {
    const at = { config: ready.gateConfig, progress, bakeSeconds };
    const baked = await waitAtGate(ready, `gate-${wave}`, at);
    return { progress: baked.progress, notes: [...notes, ...baked.reasons] };
  } catch (error) {
    // For example a lost lock: no further customer is flipped, and each customer gets an outcome.
    return { progress: { ...progress, problem: reasonsOf(error) }, notes: [] };
  }
}

function toDecided({ stop, problem }: FlipProgress, notes: readonly Reason[]) {
  const why = whyStopped({ stop, problem });
  if (why === undefined) return { decision: "proceed", reasons: notes } as const;
  return { decision: stop?.decision ?? "halt", reasons: stop?.reasons ?? why };
}

/**
 * After a stop: every customer of the plan gets an outcome, and the batches that are not verified are counted anew. Without
 * a rollback, their customers are read once more: a reply is no proof, and a flip that failed may have been done.
 */
export async function skipRemaining(
  { ports, durable, rollout, plan }: Ready,
  progress: FlipProgress,
  isRolledBack: boolean,
): Promise<FlipProgress> {
  const { verified } = progress;
  if (verified.batch >= plan.batches) return progress;
  const { settleSeconds } = ports.policy;
  if (!isRolledBack && settleSeconds > 0) await durable.wait("settle-stopped", settleSeconds);
  return durable.runParts({
    name: "skip-remaining-part",
    start: { ...progress, ...verified, settledInBatch: 0, done: false, idleParts: 0, readsNoMore: isRolledBack },
    part: (run, from) => skipRemainingPart(ports, rollout, run, { plan, from, to: plan.batches }),
    afterFailure,
  });
}
