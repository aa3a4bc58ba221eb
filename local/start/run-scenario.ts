import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Door } from "../../cli/connect.ts";
import { Failure } from "../../cli/failure.ts";
import { type Followed, follow } from "../../cli/follow.ts";
import { hasSucceeded, type Report } from "../../lambda/core/report/report.ts";
import type { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { ControlsShown } from "../../lambda/front-door/change-controls.ts";
import { countOf } from "../sandbox/count-of.ts";
import { describeChange } from "../sandbox/describe-change.ts";
import { readSandboxArguments } from "../sandbox/read-arguments.ts";
import { type Sandbox, startSandbox } from "../sandbox/start-sandbox.ts";
import { type Before, checkRollout, readBefore } from "./check-rollout.ts";
import type { Scenario, StartOptions } from "./read-arguments.ts";
import type { CheckResult } from "./render-check.ts";
import { connectTo, introduce, printEnd, say, toReport, toSandboxOptions } from "./roll-out.ts";
import { sendDirectly } from "./send-event.ts";

/** Runs a scenario, compares its end with the expected end and returns the exit code. */
export async function runScenario(
  scenario: Scenario,
  options: StartOptions,
  stack: AsyncDisposableStack,
): Promise<number> {
  const { report, checks } = await RUNS[scenario](options, stack);
  say("", options);
  printEnd(report, checks, options);
  return checks.every(({ agrees }) => agrees) ? 0 : 1;
}

interface End {
  readonly report: Report;
  readonly checks: readonly CheckResult[];
}

const INTRODUCTIONS: Readonly<Record<Scenario, string>> = {
  rollback: `A release goes out in three waves: the canaries, a fifth, the rest. While the
second wave bakes, the alarm calls-that-fail goes off. What you should see: every
customer that was moved is restored, no other customer is touched, the third wave
never begins, and the release is held until a person clears the hold.`,
  crash: `A release goes out in three waves. In the middle of the second one the process of
the worker, the ledger and the Evo Voice emulator is killed (SIGKILL), and another
process resumes. What you should see: each customer is flipped once.`,
};

const RUNS: Readonly<Record<Scenario, (options: StartOptions, stack: AsyncDisposableStack) => Promise<End>>> = {
  rollback: runRollback,
  crash: runCrash,
};

async function runRollback(options: StartOptions, stack: AsyncDisposableStack): Promise<End> {
  const onChange = (change: RolloutEvent) => {
    say(describeChange(change), options);
    if (change.change !== "wave done" || change.wave !== 2) return;
    sandbox.setAlarm("calls-that-fail", { state: "ALARM", reason: "7 of 100 calls failed, more than 5" });
    say("alarm calls-that-fail goes off", options);
  };
  const sandbox = await startSandbox(toSandboxOptions(options, {}), onChange, stack);
  const door = await connectTo(sandbox.port);
  const before = await begin("rollback", options, sandbox.emulator.address);
  const report = await waitForReport(door, await sendDirectly(door, options.event), sandbox);
  const { release = "", rollback, waves = [] } = report;
  const { holds } = (await door.ask({ command: "controls" })) as ControlsShown;
  const checks = [
    await checkRollout(report, before, sandbox),
    toCheck({
      agrees: report.status === "rolled-back" && rollback?.failed === 0 && waves[1]?.decision === "roll back",
      text: `the gates decided: ${waves.map(({ decision }) => decision ?? "passed").join(", ")}; ${countOf(rollback?.failed ?? 0, "customer")} not restored`,
      expected: "proceed, roll back; 0 customers not restored",
    }),
    toCheck({
      agrees: holds[release] !== undefined,
      text: `release ${release} is ${holds[release] === undefined ? "not held" : `held: ${holds[release].reason}`}`,
      expected: "a hold",
    }),
  ];
  return { report, checks };
}

async function begin(scenario: Scenario, options: StartOptions, evoVoice: string): Promise<Before> {
  const before = await readBefore(evoVoice);
  say(`${introduce(options, before)}\n\n${INTRODUCTIONS[scenario]}\n`, options);
  return before;
}

/** The changes are written meanwhile. */
async function waitForReport(door: Door, rollout: Followed, { settled }: Sandbox): Promise<Report> {
  const ended = await follow(door, rollout, { view: { show: () => {}, close: () => {} } });
  await settled();
  return toReport(ended);
}

function toCheck({ agrees, text, expected }: CheckResult & { readonly expected: string }): CheckResult {
  return { agrees, text: agrees ? text : `${text} (expected: ${expected})` };
}

/** A pace at which the second wave is met in its middle. */
const CRASH_PER_SECOND = 100;

async function runCrash(given: StartOptions, stack: AsyncDisposableStack): Promise<End> {
  const options = { ...given, requestsPerSecond: Math.min(given.requestsPerSecond, CRASH_PER_SECOND) };
  const folder = mkdtempSync(join(tmpdir(), "cutover-crash-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const { policy, customers, seed, faults, fast } = toSandboxOptions(options, {});
  const file = join(folder, "crash-policy.json");
  writeFileSync(file, JSON.stringify(policy));
  const args = Object.entries({ keep: folder, port: 0, policy: file, customers, seed, faults, fast });
  const line = args.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { before, rollout } = await crash(options, line, stack);
  const again = readSandboxArguments(line);
  if (again.kind !== "start") throw new Failure("the folder of the killed sandbox cannot be read");
  const onChange = (change: RolloutEvent) => say(describeChange(change), options);
  const sandbox = await startSandbox(again.options, onChange, stack);
  const report = await waitForReport(await connectTo(sandbox.port), rollout, sandbox);
  const checks = [
    await checkRollout(report, before, sandbox),
    toCheck({
      agrees: hasSucceeded(report),
      text: `the rollout that crashed ended as ${report.status}`,
      expected: "succeeded",
    }),
  ];
  return { report, checks };
}

const FATAL_FLIP = 10;
const SANDBOX = fileURLToPath(new URL("../sandbox.ts", import.meta.url));

/** Starts the rollout in a sandbox of its own, and kills the sandbox in the middle of the second wave. */
async function crash(options: StartOptions, args: readonly string[], stack: AsyncDisposableStack) {
  const child = spawn(process.execPath, [SANDBOX, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => void child.kill("SIGKILL"));
  let begun: { readonly door: Door; readonly before: Before; readonly rollout: Followed } | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^Cutover sandbox on http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
    if (port !== undefined) {
      const door = await connectTo(Number(port));
      const before = await begin("crash", options, door.baseUrl ?? "");
      begun = { door, before, rollout: await sendDirectly(door, options.event) };
    }
    if (begun === undefined || !line.startsWith(begun.rollout.rolloutId)) continue;
    const change = line.slice(begun.rollout.rolloutId.length).trim();
    say(change, options);
    if (change !== "gate 1: proceed") continue;
    const flips = await waitForFlips(begun.door.baseUrl ?? "");
    const dead = once(child, "exit");
    child.kill("SIGKILL");
    await dead;
    say(`the process is dead (SIGKILL), ${flips} flips into wave 2; another process resumes`, options);
    return begun;
  }
  throw new Failure("the sandbox ended before its second wave");
}

const PATIENCE_MS = 5_000;

async function waitForFlips(evoVoice: string): Promise<number> {
  const first = await countFlips(evoVoice);
  for (const beganAt = Date.now(); Date.now() - beganAt < PATIENCE_MS; await sleep(10)) {
    const flips = (await countFlips(evoVoice)) - first;
    if (flips >= FATAL_FLIP) return flips;
  }
  throw new Failure("no sandbox was killed: wave 2 has too few customers; take more with --customers");
}

async function countFlips(evoVoice: string): Promise<number> {
  const stats = (await (await fetch(`${evoVoice}/emulator/stats`)).json()) as {
    readonly requests: Readonly<Record<string, number>>;
  };
  return stats.requests.SetCustomerStagingMode ?? 0;
}
