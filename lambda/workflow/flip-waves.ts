import { isStop } from "../core/gate/decision.ts";
import type { PlannedWave } from "../core/plan/plan.ts";
import type { WaveResult } from "../core/report/report.ts";
import { afterFailure, FLIP_START, type FlipProgress, flipPart, whyStopped } from "../steps/flip/flip-part.ts";
import { type ChildrenProgress, checkChildren, withoutCheck } from "../steps/gate/check-children.ts";
import { pollGate } from "../steps/gate/poll-gate.ts";
import { publishGate } from "../steps/gate/publish-gate.ts";
import { publish } from "../steps/report/publish.ts";
import { messageOf } from "./durable.ts";
import type { Ready } from "./prepare-rollout.ts";

export interface FlippedWaves {
  readonly progress: FlipProgress;
  readonly waves: readonly WaveResult[];
}

/** Wave by wave { flip → gate }, until all are done or something stops them. */
export async function flipWaves(ready: Ready): Promise<FlippedWaves> {
  const { plan, commandState, pace } = ready;
  let progress: FlipProgress = { ...FLIP_START, commandState, pace };
  const waves: WaveResult[] = [];
  for (const wave of plan.waves) {
    const passed =
      wave.customers === 0 ? pass(wave, progress) : await gate(ready, wave, await flipChecked(ready, wave, progress));
    progress = passed.progress;
    waves.push(passed.result);
    if (whyStopped(progress) !== undefined) break;
  }
  return { progress, waves };
}

interface Passed {
  readonly progress: FlipProgress;
  readonly result: WaveResult;
}

/** An empty wave is passed with its note. */
function pass({ wave, customers, bakeSeconds, note }: PlannedWave, progress: FlipProgress): Passed {
  return { progress, result: { wave, customers, bakeSeconds, reasons: note === undefined ? [] : [note] } };
}

interface Flipped {
  readonly progress: FlipProgress;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/** After the first flips: flags are independent, or a child that no plan asks for has moved. */
async function flipChecked(ready: Ready, wave: PlannedWave, progress: FlipProgress): Promise<Flipped> {
  const flipped = await flip(ready, wave, progress);
  if (wave.from > 0 || whyStopped(flipped) !== undefined) return { progress: flipped, notes: [] };
  const { ports, durable, rollout, children } = ready;
  const { moved, unread } = await durable.runParts<ChildrenProgress>({
    name: "check-children",
    start: { ...children, done: children.children.length === 0, pace: flipped.pace },
    part: (run, from) => checkChildren(ports, rollout, run, from),
    afterFailure: withoutCheck,
  });
  return {
    progress: { ...flipped, stop: moved },
    notes: unread === undefined ? [] : [`whether children moved with their parents was not checked: ${unread}`],
  };
}

/** Part by part; one that fails for good stops the rollout. */
async function flip(ready: Ready, wave: PlannedWave, progress: FlipProgress): Promise<FlipProgress> {
  const { ports, durable, rollout, plan, gateConfig } = ready;
  const flipped = await durable.runParts({
    name: `flip-${wave.wave}-part`,
    start: { ...progress, done: false },
    part: (run, from) => flipPart(ports, rollout, run, { plan, gateConfig, from, to: wave.to }),
    look: pollGate(ports, rollout, gateConfig),
    afterFailure,
  });
  if (whyStopped(flipped) !== undefined) return flipped;
  await durable.step(`tell-wave-${wave.wave}`, () =>
    publish(ports, rollout, {
      change: "wave done",
      wave: wave.wave,
      waves: plan.waves.length,
      counts: flipped.counts,
    }),
  );
  return flipped;
}

/** The decision after a wave and all through its bake; what stopped the wave itself needs none. */
async function gate(ready: Ready, wave: PlannedWave, { progress: flipped, notes: ofFlips }: Flipped): Promise<Passed> {
  const { ports, durable, rollout, plan } = ready;
  const { progress, notes } =
    whyStopped(flipped) === undefined ? await bake(ready, wave, flipped) : { progress: flipped, notes: [] };
  const why = whyStopped(progress);
  const decided = {
    decision: why === undefined ? ("proceed" as const) : (progress.stop?.decision ?? "halt"),
    reasons: why === undefined ? [...ofFlips, ...notes] : (progress.stop?.reasons ?? [why]),
  };
  const isLast = plan.waves.every(({ wave: other, customers }) => other <= wave.wave || customers === 0);
  const late = await durable.step(`tell-gate-${wave.wave}`, () =>
    publishGate(ports, rollout, { wave: wave.wave, decided, isLast, commandState: progress.commandState }),
  );
  const { decision, reasons } = late ?? decided;
  const { wave: number, customers, bakeSeconds } = wave;
  return {
    progress: late === undefined ? progress : { ...progress, stop: late },
    result: { wave: number, customers, bakeSeconds, decision, reasons },
  };
}

interface Baked {
  readonly progress: FlipProgress;
  readonly notes: readonly string[];
}

async function bake(
  { ports, durable, rollout, gateConfig }: Ready,
  { wave, bakeSeconds }: PlannedWave,
  flipped: FlipProgress,
): Promise<Baked> {
  const look = pollGate(ports, rollout, gateConfig);
  const { commandState: from } = flipped;
  try {
    const { decision, commandState } = await durable.watch(`gate-${wave}`, { bakeSeconds, commandState: from, look });
    const stop = isStop(decision) ? decision : undefined;
    return { progress: { ...flipped, commandState, stop }, notes: decision?.reasons ?? [] };
  } catch (error) {
    // Such as a lock that is another's now: nobody else is flipped, and everybody has an outcome.
    return { progress: { ...flipped, problem: messageOf(error) }, notes: [] };
  }
}
