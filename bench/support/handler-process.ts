import { answerParent, type EmulatorProcess } from "./children.ts";
import { buildLocalWorker, runRollout } from "./worker.ts";

/** What a worker's whole life in a process of its own came to, as after a cold start. */
export interface HandlerRun {
  readonly flipped: number;
  readonly operations: number;
  readonly largestPayloadBytes: number;
  readonly peakBytes: number;
  /** By kind of step ("look-up", "plan", "flip"): all its parts' time, and the process's peak when the last one ended. */
  readonly steps: Readonly<Record<string, { readonly seconds: number; readonly peakBytes: number }>>;
}

answerParent(async (emulator: Omit<EmulatorProcess, "end">): Promise<HandlerRun> => {
  const samples: { readonly atMs: number; readonly peakBytes: number }[] = [];
  const handler = buildLocalWorker(emulator, 16);
  const run = await runRollout(handler, "promote", () => samples.push({ atMs: Date.now(), peakBytes: peakBytes() }));
  const steps: Record<string, { seconds: number; peakBytes: number }> = {};
  for (const { name, startedMs, endedMs } of run.steps) {
    const kind = name.replace(/-\d.*$/, "");
    const seconds = (steps[kind]?.seconds ?? 0) + (endedMs - startedMs) / 1000;
    const peak = samples.find(({ atMs }) => atMs >= endedMs)?.peakBytes ?? peakBytes();
    steps[kind] = { seconds, peakBytes: peak };
  }
  const { operations, largestPayloadBytes } = run;
  return { flipped: run.report.counts.flipped, operations, largestPayloadBytes, peakBytes: peakBytes(), steps };
});

/** The most that the operating system has ever seen of this process in memory. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
