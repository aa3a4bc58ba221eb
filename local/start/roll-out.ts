import { styleText } from "node:util";
import { renderReport } from "../../lambda/core/report/render-report.ts";
import { hasSucceeded, type Report } from "../../lambda/core/report/report.ts";
import { formatNumber } from "../../lambda/core/report/text-layout.ts";
import { countOf } from "../sandbox/count-of.ts";
import { type Before, checkRollout, readBefore } from "./check-rollout.ts";
import type { StartOptions } from "./command-line.ts";
import { LocalRunError } from "./local-run-error.ts";
import type { CheckResult } from "./render-check.ts";
import { type Services, startServices } from "./services.ts";
import { type ProgressView, showProgress } from "./show-progress.ts";
import { findColumns, isColourful, isTerminal } from "./terminal.ts";
import { runWorker, type WorkerAnswer } from "./worker-process.ts";

const { stdout, stderr } = process;
const WIDEST = 60;

/** Runs one rollout, prints the report and the check against the emulator, and returns the exit code. */
export async function rollOut(options: StartOptions, stack: AsyncDisposableStack): Promise<number> {
  const services = await startServices(options, stack);
  return Promise.race([rollOutIn(services, options, stack), services.emulator.crash]);
}

async function rollOutIn(services: Services, options: StartOptions, stack: AsyncDisposableStack): Promise<number> {
  const before = await readBefore(services);
  if (!options.json) stdout.write(introduce(options, before));
  const progress = showProgress(stderr, isTerminal(stdout, process.env) && isTerminal(stderr, process.env));
  stack.defer(progress.close);
  const answer = await run(options, services, stack, progress);
  progress.close();
  if (answer.kind === "refused") return explainRefusal(answer, options);
  if (answer.kind === "failed") return explainFailure(answer, options);
  const { report } = answer;
  const check = await checkRollout(report, before, services);
  print(report, [check], options);
  return hasSucceeded(report) && check.agrees ? 0 : 1;
}

async function run(
  { event, json, trigger }: StartOptions,
  services: Services,
  stack: AsyncDisposableStack,
  progress: ProgressView,
): Promise<WorkerAnswer> {
  if (trigger === undefined) {
    const answer = await runWorker({ event, onLog: progress.add }, services, stack);
    if (answer === undefined) throw new LocalRunError("the worker was killed");
    return answer;
  }
  const { runTriggered } = await import("./run-triggered.ts");
  const onAnswer = (sentence: string): void =>
    progress.interrupt(() => void (json ? stderr.write(`${sentence}\n`) : stdout.write(`${sentence}\n\n`)));
  return runTriggered({ trigger, event }, services, { stack, onLog: progress.add, onAnswer });
}

export function introduce({ faults }: StartOptions, { customers, onStaging }: Before): string {
  const suffix = faults === "" ? "" : `; faults: ${faults}`;
  return `${countOf(customers, "customer")}, ${formatNumber(onStaging)} of them on staging${suffix}\n\n`;
}

function explainFailure({ name, message }: Extract<WorkerAnswer, { kind: "failed" }>, options: StartOptions): number {
  if (name !== "BadDeployEventError") throw new LocalRunError(`the worker failed with ${name}: ${message}`);
  return explainRefusal({ message }, options);
}

function explainRefusal({ message }: { readonly message: string }, { eventFile }: StartOptions): number {
  complain(`${message}\ncorrect ${eventFile}, then start again; docs/events.md names every member`);
  return 2;
}

/** With --json, standard output has only the report. */
export function print(report: Report, checks: readonly CheckResult[], { json }: StartOptions): void {
  const colour = !json && isColourful(stdout, process.env);
  const sentences = checks.map(({ agrees, text }) => {
    const label = colour ? styleText(agrees ? "green" : "red", "check:") : "check:";
    return `${label} ${text}\n`;
  });
  if (json) {
    stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    stderr.write(sentences.join(""));
  } else {
    stdout.write(renderReport(report, "terminal", { colour, columns: findColumns(stdout, process.env, WIDEST) }));
    stdout.write(`\n${sentences.join("")}`);
  }
}

export function complain(message: string): void {
  stderr.write(`start: ${message}\n`);
}
