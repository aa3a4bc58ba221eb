import { randomBytes } from "node:crypto";
import type { AdviceWriter } from "../lambda/contract/advice.ts";
import { toAttemptId } from "../lambda/contract/execution-name.ts";
import { describeRefusal, type Refusal } from "../lambda/contract/refused-error.ts";
import { adviseOn } from "../lambda/core/report/next-steps.ts";
import { renderReport } from "../lambda/core/report/render-report.ts";
import { hasSucceeded } from "../lambda/core/report/report.ts";
import { clean, countCustomers } from "../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Started } from "../lambda/front-door/start-rollout.ts";
import { showAndAsk } from "./ask-user.ts";
import type { Door } from "./connect.ts";
import { EXIT, Failure, Refused } from "./failure.ts";
import { askStatus, follow, hasBegun, hasEnded } from "./follow.ts";
import { listCustomers, readCustomers } from "./list.ts";
import { isLive, print, printJson, say } from "./terminal.ts";
import type { Event } from "./to-event.ts";

export interface Manner {
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Of a plan: every customer. */
  readonly csv?: boolean | undefined;
  /** Until the end; without a word, on a terminal only. */
  readonly watch?: boolean | undefined;
}

/** A dry run: which customers the event would flip, in which waves, and the plan's hash. */
export async function showPlan(door: Door, event: Event, manner: Manner): Promise<number> {
  const started = await startPlan(door, event);
  const planned = await followPlan(door, started);
  const { rolloutId, status } = planned;
  const { hash } = ("plan" in planned ? planned.plan : undefined) ?? {};
  const hasList = status === "planned" && hash !== undefined;
  if (!hasList || !(manner.json || manner.csv)) printAnswer(door, planned, manner);
  else {
    say({ text: describeAnswer(planned, door.writeAdvice) });
    if (manner.csv) await listCustomers(door, { rolloutId }, manner);
    else printJson({ ...planned, firstFlips: undefined, customers: await readCustomers(door, { rolloutId }) });
  }
  const refusal = status === "planned" ? findRefusal(started) : undefined;
  if (refusal !== undefined) say({ text: `\n${describeRefusal(refusal, door.writeAdvice)}`, style: "yellow" });
  return toExitCode(planned);
}

/** Starts a rollout. One that flips customers runs the plan that was shown, by its hash. */
export async function rollOut(door: Door, event: Event, manner: Manner): Promise<number> {
  const isSeen = event.plan !== undefined || event.action === "rollback" || event.dryRun === true;
  const seen = isSeen ? event : ((await findSent(door, event)) ?? (await agreeOnPlan(door, event, manner)));
  if (seen === undefined) return EXIT.notAsWanted;
  const started = await start(door, seen);
  sayStarted(started);
  const isWatched = manner.watch ?? isLive();
  const answer = await follow(door, started, isWatched ? {} : { until: hasBegun });
  if (isWatched || hasEnded(answer)) printAnswer(door, answer, manner);
  else if (manner.json) printJson(started);
  if (!hasEnded(answer)) say({ text: `to watch it: ${door.toCommand("status", started.rolloutId, "--watch")}` });
  return toExitCode(answer);
}

/**
 * The event as it was sent before: the same id is the same rollout, whose plan is no longer today's. With that plan the
 * event joins its rollout, or is refused as a different one. A rollout that was refused has not used up its id.
 */
async function findSent(door: Door, { id, ...event }: Event): Promise<Event | undefined> {
  if (typeof id !== "string") return undefined;
  for (let attempt = 2, rolloutId = id; ; attempt += 1) {
    const sent = await askStatus(door, { rolloutId }).catch((error: Failure) => {
      if (error instanceof Refused) return undefined;
      throw error;
    });
    if (sent === undefined || !("plan" in sent)) return undefined;
    if (sent.status !== "refused" && !sent.dryRun) return sent.plan && { ...event, id, plan: sent.plan.hash };
    rolloutId = toAttemptId(id, attempt);
  }
}

/** The event with the hash of the plan that was shown; undefined when its rollout would not succeed. */
function agreeOnPlan(door: Door, event: Event, { yes = false, json }: Manner): Promise<Event | undefined> {
  return showAndAsk({
    asks: !yes,
    instead: "Run `cutover plan` and add --plan HASH, or add --yes",
    async show() {
      const started = await startPlan(door, event);
      const refusal = findRefusal(started);
      if (refusal !== undefined) throw new Refused(refusal);
      const planned = await followPlan(door, started);
      if (planned.status !== "planned" || !("plan" in planned) || planned.plan === undefined) {
        printAnswer(door, planned, { json });
        return undefined;
      }
      if (!json) print(describeAnswer(planned, false));
      else if (!yes) say({ text: describeAnswer(planned, false) });
      const { flip, hash } = planned.plan;
      const question = `${event.action} ${countCustomers(flip)} on ${door.environment}?`;
      return { seen: { ...event, plan: hash }, question };
    },
  });
}

/** A dry run has an id of its own: it is not the rollout that it plans. */
function startPlan(door: Door, { id: _id, plan: _plan, ...event }: Event): Promise<Started> {
  return start(door, { ...event, dryRun: true });
}

function followPlan(door: Door, started: Started): Promise<StatusAnswer> {
  return follow(door, started).catch((error: Failure) => {
    if (error.exitCode !== EXIT.interrupted) throw error;
    throw new Failure("no customer was flipped: this was only the plan", { exitCode: EXIT.interrupted, cause: error });
  });
}

/** Why the rollout of a plan would not begin now. */
function findRefusal({ forbidden }: Started): Refusal | undefined {
  return forbidden && { message: `the rollout would be refused now: ${forbidden.message}`, next: adviseOn(forbidden) };
}

/** With an id, an event that the SDK sends twice starts one rollout. */
function start(door: Door, event: Event): Promise<Started> {
  return send(door, { ...event, id: event.id ?? `${event.action}-${randomBytes(6).toString("hex")}` });
}

/** @throws Failure also for the answer of another function */
export async function send(door: Door, event: Event): Promise<Started> {
  const answer = (await door.ask(event)) as Started | null;
  if (typeof answer?.rolloutId === "string") return answer;
  throw new Failure(
    "the function answered, but not as Cutover's front door does: is it the FrontDoorFunctionName of the deployment?",
  );
}

export function sayStarted({ rolloutId, status, joined }: Started): void {
  const before = `the same event was sent before: rollout ${rolloutId} is ${status}`;
  say({ text: joined ? before : `started rollout ${rolloutId}` });
}

export function printAnswer(door: Door, answer: StatusAnswer, { json }: Manner): void {
  if (json) printJson(answer);
  else print(describeAnswer(answer, door.writeAdvice));
}

/** The report, and what can be done next. */
export function describeAnswer(answer: StatusAnswer, writeAdvice: AdviceWriter | false): string {
  if ("counts" in answer) return renderReport(answer, "terminal", { writeAdvice });
  const { rolloutId, status, problems = [] } = answer;
  return [`rollout ${rolloutId} is ${status}`, ...problems.map(({ message }) => clean(message))].join("\n");
}

/** A rollout that goes on is as wanted so far. */
export function toExitCode(answer: StatusAnswer): number {
  return !hasEnded(answer) || hasSucceeded(answer as object) ? EXIT.asWanted : EXIT.notAsWanted;
}
