import { styleText } from "node:util";
import { connect } from "../../cli/connect.ts";
import { Failure } from "../../cli/failure.ts";
import { follow } from "../../cli/follow.ts";
import { renderReport } from "../../lambda/core/report/render-report.ts";
import { hasSucceeded, type Report } from "../../lambda/core/report/report.ts";
import { formatNumber } from "../../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../../lambda/front-door/read-status.ts";
import { countOf } from "../sandbox/count-of.ts";
import type { SandboxOptions } from "../sandbox/read-arguments.ts";
import { SANDBOX_POLICY } from "../sandbox/sandbox-policy.ts";
import { startSandbox } from "../sandbox/start-sandbox.ts";
import { type Before, checkRollout, readBefore } from "./check-rollout.ts";
import type { StartOptions } from "./read-arguments.ts";
import type { CheckResult } from "./render-check.ts";
import { continueJob, sendEvent } from "./send-event.ts";

const { stdout, stderr } = process;

/** Runs one rollout, prints the report and the check against the emulator, and returns the exit code. */
export async function rollOut(options: StartOptions, stack: AsyncDisposableStack): Promise<number> {
  // In one wave: the sandbox's own strategy bakes.
  const sandbox = await startSandbox(toSandboxOptions(options, { strategy: "all-at-once" }), () => {}, stack);
  const before = await readBefore(sandbox.emulator.address);
  if (!options.json) stdout.write(`${introduce(options, before)}\n\n`);
  const tell = (sentence: string) => say(options.json ? sentence : `${sentence}\n`, options);
  const deployment = { sandbox, door: await connectTo(sandbox.port) };
  const ended = await follow(deployment.door, await sendEvent(options, deployment, tell));
  const last = await continueJob(deployment, options.event);
  if (last !== undefined) tell(`${options.trigger}: ${last}`);
  const report = toReport(ended);
  const check = await checkRollout(report, before, sandbox);
  printEnd(report, [check], options);
  return hasSucceeded(report) && check.agrees ? 0 : 1;
}

const START_PER_SECOND = 200;

/** The sandbox's own policy at the pace of this run. */
export function toSandboxOptions(
  { customers, seed, faults, requestsPerSecond }: StartOptions,
  policy: object,
): SandboxOptions {
  const startRequestsPerSecond = Math.min(START_PER_SECOND, requestsPerSecond);
  return {
    ...{ customers, seed, faults, port: 0, emulatorPort: 0, fast: 300 },
    policy: { ...SANDBOX_POLICY, ...policy, requestsPerSecond, startRequestsPerSecond },
  };
}

export function connectTo(port: number) {
  return connect({ sandbox: true, port: String(port) });
}

export function introduce({ faults }: StartOptions, { customers, onStaging }: Before): string {
  const suffix = faults === "" ? "" : `; faults: ${faults}`;
  return `${countOf(customers, "customer")}, ${formatNumber(onStaging)} of them on staging${suffix}`;
}

/** @throws Failure when the worker failed */
export function toReport(answer: StatusAnswer): Report {
  if ("counts" in answer) return answer;
  const why = answer.problems?.map(({ message }) => message).join("\n");
  throw new Failure(`the rollout is ${answer.status}: ${why}`);
}

const WIDEST = 60;

/** With --json, standard output has only the report. */
export function printEnd(report: Report, checks: readonly CheckResult[], { json }: StartOptions): void {
  const colour = stdout.isTTY && stdout.hasColors();
  const sentences = checks.map(({ agrees, text }) => {
    const label = colour && !json ? styleText(agrees ? "green" : "red", "check:") : "check:";
    return `${label} ${text}\n`;
  });
  if (json) {
    stdout.write(`${JSON.stringify({ ...report, text: undefined }, undefined, 2)}\n`);
    stderr.write(sentences.join(""));
  } else {
    stdout.write(renderReport(report, "terminal", { colour, columns: Math.min(stdout.columns ?? WIDEST, WIDEST) }));
    stdout.write(`\n${sentences.join("")}`);
  }
}

export function say(line: string, { json }: StartOptions): void {
  (json ? stderr : stdout).write(`${line}\n`);
}
