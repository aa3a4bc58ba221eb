import { hasSucceeded, type Report } from "../../lambda/core/report/report.ts";
import { countOf } from "../sandbox/count-of.ts";
import { describeChange } from "../sandbox/describe-change.ts";
import { type Before, checkRollout, findHoldOf, readBefore } from "./check-rollout.ts";
import type { StartOptions } from "./command-line.ts";
import { LocalRunError } from "./local-run-error.ts";
import type { CheckResult } from "./render-check.ts";
import { introduce, print } from "./roll-out.ts";
import { ALARM, type Scenario } from "./scenario.ts";
import { type Services, startServices } from "./services.ts";
import { watchChanges } from "./watch-changes.ts";
import { runWorker, type WorkerAnswer } from "./worker-process.ts";

/** Runs a scenario, compares its end with the expected end and returns the exit code. */
export async function runScenario(
  scenario: Scenario,
  options: StartOptions,
  stack: AsyncDisposableStack,
): Promise<number> {
  const services = await startServices(options, stack);
  const before = await readBefore(services);
  const run: ScenarioRun = { options, stack, services, before, say: (line) => say(line, options) };
  run.say(introduce(options, before).trimEnd());
  run.say(`\n${INTRODUCTIONS[scenario]}\n`);
  const { report, checks } = await Promise.race([RUNS[scenario](run), services.emulator.crash]);
  run.say("");
  print(report, checks, options);
  return checks.every(({ agrees }) => agrees) ? 0 : 1;
}

interface ScenarioRun {
  readonly options: StartOptions;
  readonly stack: AsyncDisposableStack;
  readonly services: Services;
  readonly before: Before;
  say(line: string): void;
}

interface ScenarioEnd {
  readonly report: Report;
  readonly checks: readonly CheckResult[];
}

const INTRODUCTIONS: Readonly<Record<Scenario, string>> = {
  rollback: `A release goes out in three waves: the canaries, a quarter, the rest. While the
second wave bakes, the alarm ${ALARM} goes off. What you should see: every
customer that was moved is restored, no other customer is touched, the third wave
never begins, and the release is held until a person clears the hold.`,
  crash: `A release goes out in three waves. In the middle of the second one its worker kills
itself (SIGKILL), and another process resumes from its checkpoints. What you should
see: each customer is flipped once, and everything ends as in the same rollout without
a crash, which runs beside it.`,
};

const RUNS: Readonly<Record<Scenario, (run: ScenarioRun) => Promise<ScenarioEnd>>> = {
  rollback: runRollback,
  crash: runCrash,
};

async function runRollback({ options, stack, services, before, say }: ScenarioRun): Promise<ScenarioEnd> {
  let hasGoneOff = false;
  const changes = watchChanges(services.eventBridge, (change) => {
    say(describeChange(change));
    if (change.change !== "wave done" || change.wave !== 2) return;
    services.cloudWatch.setAlarm(ALARM, { state: "ALARM", reason: "7 of 100 calls failed, more than 5" });
    hasGoneOff = true;
    say(`alarm ${ALARM} goes off`);
  });
  stack.defer(changes.stop);
  const report = getReport(await runWorker({ event: options.event }, services, stack));
  changes.stop();
  const { release = "", rollback, waves = [] } = report;
  const hold = await findHoldOf(release, services);
  const isExpected = waves.length === 2 && waves[1]?.decision === "roll back";
  const checks = [
    await checkRollout(report, before, services),
    toCheck({
      agrees: report.status === "rolled-back" && rollback?.failed === 0 && isExpected,
      text: `the gates decided: ${waves.map(({ decision }) => decision ?? "passed").join(", ")}; ${countOf(rollback?.failed ?? 0, "customer")} not restored`,
      expected: `proceed, roll back; 0 customers not restored${hasGoneOff ? "" : `; but ${ALARM} never went off, because wave 2 was not done`}`,
    }),
    toCheck({
      agrees: hold !== undefined,
      text: `release ${release} is ${hold === undefined ? "not held" : `held: ${hold.reason}`}`,
      expected: "a hold",
    }),
  ];
  return { report, checks };
}

function toCheck({ agrees, text, expected }: CheckResult & { readonly expected: string }): CheckResult {
  return { agrees, text: agrees ? text : `${text} (expected: ${expected})` };
}

/** The step that flips the second wave. */
const KILLED_STEP = "flip-2-part-1";

async function runCrash({ options, stack, services, before, say }: ScenarioRun): Promise<ScenarioEnd> {
  const { event } = options;
  const undisturbed = runUndisturbed(options, stack);
  // Awaited below; an earlier failure of the crashed run is reported first.
  undisturbed.catch(() => {});
  const changes = watchChanges(services.eventBridge, (change) => say(describeChange(change)));
  stack.defer(changes.stop);
  const early = await runWorker({ event, killInStep: KILLED_STEP }, services, stack);
  if (early !== undefined) {
    throw new LocalRunError("no worker was killed: wave 2 has too few customers; take more with --customers");
  }
  const { flags } = await readBefore(services);
  const moved = countDifferences(before.flags, flags);
  say(`the worker is dead (SIGKILL), ${countOf(moved, "customer")} moved; another worker resumes`);
  const report = getReport(await runWorker({ event }, services, stack));
  changes.stop();
  const checks = [
    await checkRollout(report, before, services),
    toCheck({
      agrees: hasSucceeded(report),
      text: `the rollout that crashed ended as ${report.status}`,
      expected: "succeeded",
    }),
    await compareEnds(services, await undisturbed),
  ];
  return { report, checks };
}

/** The same rollout with its own services and without a crash. */
async function runUndisturbed(options: StartOptions, stack: AsyncDisposableStack): Promise<Services> {
  const services = await startServices(options, stack);
  const answer = runWorker({ event: options.event }, services, stack);
  const { status } = getReport(await Promise.race([answer, services.emulator.crash]));
  if (status !== "succeeded") throw new LocalRunError(`the rollout without a crash ended as ${status}`);
  return services;
}

async function compareEnds(crashed: Services, undisturbed: Services): Promise<CheckResult> {
  const [{ flags }, { flags: expected }] = await Promise.all([readBefore(crashed), readBefore(undisturbed)]);
  const others = countDifferences(expected, flags);
  const agrees = others === 0 && flags.size === expected.size;
  const text = agrees
    ? `without a crash, all ${countOf(expected.size, "customer")} of both accounts end in the same place`
    : `without a crash, ${countOf(others, "customer")} of ${expected.size} end in another place`;
  return { agrees, text };
}

function countDifferences(before: Before["flags"], after: Before["flags"]): number {
  return [...before].filter(([id, flag]) => after.get(id) !== flag).length;
}

function getReport(answer: WorkerAnswer | undefined): Report {
  if (answer?.kind === "report") return answer.report;
  throw new LocalRunError(`the worker failed: ${answer?.message}`);
}

/** With --json, standard output has only the report. */
function say(line: string, { json }: StartOptions): void {
  (json ? process.stderr : process.stdout).write(`${line}\n`);
}
