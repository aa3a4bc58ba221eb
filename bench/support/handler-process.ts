import { answerParent, type EmulatorProcess } from "./children.ts";
import { ALARM, buildLocalWorker, type RolloutInput, runRollout } from "./worker.ts";

export interface HandlerRequest {
  readonly emulator: Omit<EmulatorProcess, "end">;
  readonly input: RolloutInput;
  /** @default false */
  readonly watchesAlarm?: boolean;
}

/** The figures of one rollout in its own process, as after a cold start. */
export interface HandlerRun {
  readonly flipped: number;
  readonly restored: number;
  /** The decisions of the gates, in order. */
  readonly decisions: readonly string[];
  readonly operations: number;
  readonly largestPayloadBytes: number;
  readonly peakBytes: number;
  /** By kind of step ("look-up", "plan", "flip", "gate"). */
  readonly steps: Readonly<Record<string, StepsOfKind>>;
}

export interface StepsOfKind {
  /** The seconds of all steps of the kind. */
  readonly seconds: number;
  readonly attempts: number;
  /** The process's peak at the end of the last step of the kind. */
  readonly peakBytes: number;
}

answerParent(async ({ emulator, input, watchesAlarm = false }: HandlerRequest): Promise<HandlerRun> => {
  const samples: { readonly atMs: number; readonly peakBytes: number }[] = [];
  const handler = buildLocalWorker(emulator, 16, watchesAlarm ? [ALARM] : []);
  const run = await runRollout(handler, input, () => samples.push({ atMs: Date.now(), peakBytes: peakBytes() }));
  const steps: Record<string, StepsOfKind> = {};
  for (const { name, startedMs, endedMs, attempts } of run.steps) {
    const kind = name.replace(/-\d.*$/, "");
    const before = steps[kind] ?? { seconds: 0, attempts: 0 };
    steps[kind] = {
      seconds: before.seconds + (endedMs - startedMs) / 1000,
      attempts: before.attempts + attempts,
      peakBytes: samples.find(({ atMs }) => atMs >= endedMs)?.peakBytes ?? peakBytes(),
    };
  }
  const { report, operations, largestPayloadBytes } = run;
  return {
    flipped: report.counts.flipped,
    restored: report.rollback?.restored ?? 0,
    decisions: report.waves?.map(({ decision = "passed" }) => decision) ?? [],
    operations,
    largestPayloadBytes,
    peakBytes: peakBytes(),
    steps,
  };
});

/** The largest resident memory of this process. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
