import { hasSucceeded, type Report } from "../../lambda/core/report/report.ts";
import { type Before, checkRollout, findHoldOf, readBefore } from "./check-rollout.ts";
import type { StartOptions } from "./command-line.ts";
import { countOf } from "./count-of.ts";
import { describeChange } from "./describe-change.ts";
import { LocalRunError } from "./local-run-error.ts";
import type { Check } from "./render-check.ts";
import { introduce, print } from "./roll-out.ts";
import { ALARM, type Scenario } from "./scenario.ts";
import { type Services, type Stage, startServices } from "./services.ts";
import { watchChanges } from "./watch-changes.ts";
import { runKillableWorker, runWorker, type WorkerAnswer } from "./worker-process.ts";

/** Plays a story and compares its end with how it should end; gives the exit code. */
export async function playScenario(
  scenario: Scenario,
  options: StartOptions,
  stack: AsyncDisposableStack,
): Promise<number> {
  const services = await startServices(options, stack);
  const { stage } = services;
  if (stage === undefined) throw new LocalRunError(`nothing was set up for the scenario ${scenario}`);
  const before = await readBefore(services);
  const play: Play = { options, stack, services, stage, before, say: (line) => say(line, options) };
  play.say(introduce(options, before).trimEnd());
  play.say(`\n${STORIES[scenario]}\n`);
  const { report, checks } = await Promise.race([PLAYS[scenario](play), services.emulator.crash]);
  play.say("");
  print(report, checks, options);
  return checks.every(({ agrees }) => agrees) ? 0 : 1;
}

interface Play {
  readonly options: StartOptions;
  readonly stack: AsyncDisposableStack;
  readonly services: Services;
  readonly stage: Stage;
  readonly before: Before;
  say(line: string): void;
}

interface Played {
  readonly report: Report;
  readonly checks: readonly Check[];
}

const STORIES: Readonly<Record<Scenario, string>> = {
  rollback: `A release goes out in three waves: the canaries, a quarter, the rest. While the
second wave bakes, the alarm ${ALARM} goes off. What to believe: everybody
who was moved is put back, nobody else is touched, the third wave never begins, and
nothing brings the release out again until a person clears it.`,
  crash: `A release goes out in three waves. In the middle of the second one its worker kills
itself (SIGKILL), and another process goes on from its checkpoints. What to believe:
everybody is flipped once, and all ends as in the same rollout without a crash, which
runs beside it.`,
};

const PLAYS: Readonly<Record<Scenario, (play: Play) => Promise<Played>>> = {
  rollback: playRollback,
  crash: playCrash,
};

async function playRollback({ options, stack, services, stage, before, say }: Play): Promise<Played> {
  let hasGoneOff = false;
  const changes = watchChanges(stage.eventBridge, (change) => {
    say(describeChange(change));
    if (change.change !== "wave done" || change.wave !== 2) return;
    stage.cloudWatch.setAlarm(ALARM, { state: "ALARM", reason: "7 of 100 calls failed, more than 5" });
    hasGoneOff = true;
    say(`alarm ${ALARM} goes off`);
  });
  stack.defer(changes.stop);
  const report = getReport(await runWorker(options.event, services, stack, () => {}));
  changes.stop();
  const { release = "" } = report;
  const hold = await findHoldOf(release, services);
  const checks = [
    await checkRollout(report, before, services),
    toCheck({
      agrees: report.status === "rolled-back" && report.rollback?.left === 0 && endsAtSecondGate(report),
      text: `the gates decided: ${gatesOf(report)}; ${countOf(report.rollback?.left ?? 0, "customer")} left`,
      expected: `proceed, roll back; 0 customers left${hasGoneOff ? "" : `; but ${ALARM} never went off: no second wave was done`}`,
    }),
    toCheck({
      agrees: hold !== undefined,
      text: `release ${release} is ${hold === undefined ? "not held" : `held: ${hold.reason}`}`,
      expected: "it to be held",
    }),
  ];
  return { report, checks };
}

function toCheck({ agrees, text, expected }: Check & { readonly expected: string }): Check {
  return { agrees, text: agrees ? text : `${text} (the story expects ${expected})` };
}

function endsAtSecondGate({ waves = [] }: Report): boolean {
  return waves.length === 2 && waves[1]?.decision === "roll back";
}

function gatesOf({ waves = [] }: Report): string {
  return waves.map(({ decision }) => decision ?? "passed").join(", ");
}

const EXECUTION = "arn:aws:lambda:us-east-1:000000000000:function:cutover:1/durable-execution/crash/1";

/** The step that flips the second wave. */
const DEADLY_STEP = "flip-2-part-1";

async function playCrash(play: Play): Promise<Played> {
  const { options, stack, services, stage, before, say } = play;
  const calm = runCalm(options, stack);
  // Whoever waits for it hears of its failure; what fails before is told first.
  calm.catch(() => {});
  const changes = watchChanges(stage.eventBridge, (change) => say(describeChange(change)));
  stack.defer(changes.stop);
  const run = { event: options.event, executionArn: EXECUTION };
  const early = await runKillableWorker({ ...run, deadlyStep: DEADLY_STEP }, services, stack);
  if (early !== undefined) {
    throw new LocalRunError("nobody was killed: the second wave has too few customers; take more with --customers");
  }
  say(`the worker is dead (SIGKILL), ${countOf(await countMoved(play), "customer")} moved; another one goes on`);
  const answer = await runKillableWorker(run, services, stack);
  if (answer === undefined) throw new LocalRunError("the second worker was killed too");
  changes.stop();
  const report = getReport(answer);
  const checks = [
    await checkRollout(report, before, services),
    toCheck({
      agrees: hasSucceeded(report),
      text: `the rollout that crashed ended as ${report.status}`,
      expected: "succeeded",
    }),
    await compareEnds(services, await calm),
  ];
  return { report, checks };
}

/** The same rollout of the same customers, in a world of its own, and without a crash. */
async function runCalm(options: StartOptions, stack: AsyncDisposableStack): Promise<Services> {
  const services = await startServices(options, stack);
  const answer = runKillableWorker({ event: options.event, executionArn: EXECUTION }, services, stack);
  const ended = await Promise.race([answer, services.emulator.crash]);
  if (ended === undefined) throw new LocalRunError("the worker that was to run without a crash was killed");
  const { status } = getReport(ended);
  if (status !== "succeeded") throw new LocalRunError(`the rollout without a crash ended as ${status}`);
  return services;
}

async function countMoved({ services, before }: Play): Promise<number> {
  const { flags } = await readBefore(services);
  return [...flags].filter(([id, flag]) => flag !== before.flags.get(id)).length;
}

async function compareEnds(crashed: Services, calm: Services): Promise<Check> {
  const [{ flags }, { flags: expected }] = await Promise.all([readBefore(crashed), readBefore(calm)]);
  const others = [...expected].filter(([id, flag]) => flags.get(id) !== flag).length;
  const agrees = others === 0 && flags.size === expected.size;
  const text = agrees
    ? `without a crash, all ${countOf(expected.size, "customer")} of both accounts end in the same place`
    : `without a crash, ${countOf(others, "customer")} of ${expected.size} end in another place`;
  return { agrees, text };
}

function getReport(answer: WorkerAnswer): Report {
  if (answer.kind === "report") return answer.report;
  throw new LocalRunError(`the worker failed: ${answer.message}`);
}

/** With --json standard output holds the report and nothing else. */
function say(line: string, { json }: StartOptions): void {
  (json ? process.stderr : process.stdout).write(`${line}\n`);
}
