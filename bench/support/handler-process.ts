import type { RolloutStatus } from "../../lambda/core/report/rollout-status.ts";
import { answerParent, type EmulatorProcess } from "./children.ts";
import { ALARM, buildLocalWorker, type Order, runRollout } from "./worker.ts";

export interface HandlerRequest {
  readonly emulator: Omit<EmulatorProcess, "end">;
  readonly order: Order;
  /** @default false */
  readonly watchesAlarm?: boolean;
}

/** The result of one rollout in a process of its own, as after a cold start. */
export interface HandlerRun {
  readonly status: RolloutStatus;
  readonly flipped: number;
  readonly failed: number;
  readonly restored: number;
  readonly notRestored: number;
  /** By their gates, in order. */
  readonly decisions: readonly string[];
  readonly operations: number;
  readonly largestPayloadBytes: number;
  readonly peakBytes: number;
  /** By kind of step ("look-up", "plan", "flip", "gate"). */
  readonly steps: Readonly<Record<string, StepsOfKind>>;
}

export interface StepsOfKind {
  /** Of all of them. */
  readonly seconds: number;
  readonly attempts: number;
  /** The process's peak when the last one ended. */
  readonly peakBytes: number;
}

answerParent(async ({ emulator, order, watchesAlarm = false }: HandlerRequest): Promise<HandlerRun> => {
  const samples: { readonly atMs: number; readonly peakBytes: number }[] = [];
  const handler = buildLocalWorker(emulator, 16, watchesAlarm ? [ALARM] : []);
  const run = await runRollout(handler, order, () => samples.push({ atMs: Date.now(), peakBytes: peakBytes() }));
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
  const { restored = 0, failed = 0, conflicting = 0 } = report.rollback ?? {};
  return {
    status: report.status,
    flipped: report.counts.flipped,
    failed: report.counts.failed,
    restored,
    notRestored: failed + conflicting,
    decisions: report.waves?.map(({ decision = "passed" }) => decision) ?? [],
    operations,
    largestPayloadBytes,
    peakBytes: peakBytes(),
    steps,
  };
});

/** The most that the operating system has ever seen of this process in memory. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
