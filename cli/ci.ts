import { appendFileSync, writeFileSync } from "node:fs";
import { writeAsJson } from "../lambda/contract/advice.ts";
import { renderReport } from "../lambda/core/report/render-report.ts";
import { escapeMarkdown } from "../lambda/core/report/write-markdown.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Started } from "../lambda/front-door/start-rollout.ts";
import { connect, type Deployment } from "./connect.ts";
import { EXIT, Failure } from "./failure.ts";
import { follow } from "./follow.ts";
import { parseJson } from "./read-files.ts";
import { describeAnswer, sayStarted, send, toExitCode } from "./roll-out.ts";
import { say } from "./terminal.ts";
import { type Event, toStrategy } from "./to-event.ts";

type Variables = Readonly<Record<string, string | undefined>>;
interface JobFlags extends Deployment {
  readonly session?: boolean | undefined;
}

/**
 * Runs a rollout as a job of a CI system, until its end or, with CUTOVER_WAIT=false, until it is started. The inputs are
 * the variables CUTOVER_…, so that none is ever part of a command line. The report goes into the files of
 * GITHUB_STEP_SUMMARY and CUTOVER_SUMMARY, the outputs into those of GITHUB_OUTPUT and CUTOVER_DOTENV. @throws Failure
 */
export async function runJob(flags: JobFlags, variables: Variables): Promise<number> {
  try {
    if (flags.session) return writeSession(variables);
    const { event, isWaited, mostMinutes } = readInputs(variables);
    const door = await connect(flags);
    const started = await send(door, event);
    // At once: a job that is cancelled leaves the rollout's id.
    writeOutputs(variables, toOutputs(started));
    sayStarted(started);
    if (!isWaited) return EXIT.asWanted;
    const answer = await follow(door, started, { mostMinutes, mostWaitMs: 60_000 });
    writeOutputs(variables, toOutputs(answer));
    report(variables, answer, started);
    return toExitCode(answer);
  } catch (error) {
    if (error instanceof Failure) summarize(variables, quote(error.message));
    throw error;
  }
}

// Outputs

function report(variables: Variables, answer: StatusAnswer, { joined }: Started): void {
  const text = describeAnswer(answer, writeAsJson);
  say({ text });
  summarize(variables, "counts" in answer ? renderReport({ ...answer, joined }, "markdown") : quote(text));
}

function quote(text: string): string {
  return ["## Cutover", "", ...text.split("\n").map((line) => `> ${escapeMarkdown(line)}  `), ""].join("\n");
}

function summarize({ GITHUB_STEP_SUMMARY, CUTOVER_SUMMARY }: Variables, markdown: string): void {
  for (const file of [GITHUB_STEP_SUMMARY, CUTOVER_SUMMARY]) if (file) appendFileSync(file, `${markdown}\n`);
}

function toOutputs(answer: Started | StatusAnswer) {
  const { plan, counts } = "counts" in answer ? answer : {};
  const { rolloutId, status } = answer;
  return { "rollout-id": rolloutId, status, plan: plan?.hash, flipped: counts?.flipped, failed: counts?.failed };
}

/**
 * Each value is one word, because CI systems read these files line by line. In GitHub's file the last line of a name
 * counts. GitLab gives later jobs the variables of the other file, where the name of an input would overwrite that input.
 */
function writeOutputs({ GITHUB_OUTPUT, CUTOVER_DOTENV }: Variables, outputs: Readonly<Record<string, unknown>>): void {
  const known = Object.entries(outputs).filter(([, value]) => /^[\w-]+$/.test(String(value ?? "")));
  const lines = known.map(([name, value]) => `${name}=${value}\n`);
  const dotenv = known.map(([name, value]) => `${toVariable(`output-${name}`)}=${value}\n`);
  if (GITHUB_OUTPUT) appendFileSync(GITHUB_OUTPUT, lines.join(""));
  if (CUTOVER_DOTENV) writeFileSync(CUTOVER_DOTENV, dotenv.join(""));
}

/** The limits of AWS for the credentials of a role, and what a job needs beside its waiting. */
const [LEAST_SESSION_MINUTES, MOST_SESSION_MINUTES, SPARE_MINUTES] = [15, 720, 10];

/** The waiting must end before the credentials do. */
function writeSession(variables: Variables): number {
  const { isWaited, mostMinutes } = readAll(variables, (read) => readWaiting(read));
  const minutes = isWaited ? mostMinutes + SPARE_MINUTES : 0;
  if (minutes > MOST_SESSION_MINUTES) {
    const most = MOST_SESSION_MINUTES - SPARE_MINUTES;
    const expected = `expected at most ${most}, because the credentials of role-to-assume live at most 12 hours`;
    throw new Failure(`nothing was sent: timeout-minutes: ${expected}`, { exitCode: EXIT.refused });
  }
  const seconds = Math.ceil(Math.max(minutes, LEAST_SESSION_MINUTES) * 60);
  writeOutputs(variables, { "session-seconds": seconds });
  return EXIT.asWanted;
}

// Inputs

/** An input that is not given is undefined. */
type Read = <Value = string>(input: string, convert?: (text: string, input: string) => Value) => Value | undefined;

function readInputs(variables: Variables) {
  return readAll(variables, (read) => {
    const plan = variables[toVariable("plan")] ?? ANY;
    const event: Event = {
      action: read("action"),
      release: read("release"),
      targets: read("targets", parseJson),
      exclude: read("exclude", parseJson),
      rolloutId: read("rollout-id"),
      strategy: read("strategy", toStrategy),
      onFailure: read("on-failure"),
      dryRun: read("dry-run", toBoolean),
      plan: plan === ANY ? undefined : plan,
      notAfter: read("not-after"),
      onFreeze: read("on-freeze"),
      onBusy: read("on-busy"),
      override: read("override", (reason) => ({ reason })),
      id: read("id"),
      requestedBy: read("requested-by"),
      reason: read("reason"),
    };
    return { event, ...readWaiting(read) };
  });
}

/** A plan that is given but empty is one that an earlier job did not hand over: it must not allow every plan. */
const ANY = "any";

function readWaiting(read: Read) {
  return { isWaited: read("wait", toBoolean) ?? true, mostMinutes: read("timeout-minutes", toMinutes) ?? 50 };
}

/** @throws Failure with every problem */
function readAll<Inputs>(variables: Variables, readFrom: (read: Read) => Inputs): Inputs {
  const problems: string[] = [];
  const inputs = readFrom((input, convert = (text) => text as never) => {
    const text = variables[toVariable(input)] ?? "";
    try {
      return text === "" ? undefined : convert(text, input);
    } catch (error) {
      problems.push((error as Error).message);
      return undefined;
    }
  });
  if (problems.length === 0) return inputs;
  throw new Failure(
    ["nothing was sent, because inputs are wrong:", ...problems.map((each) => `- ${each}`)].join("\n"),
    {
      exitCode: EXIT.refused,
    },
  );
}

function toBoolean(text: string, input: string): boolean {
  if (text !== "true" && text !== "false") throw new Error(`${input}: expected true or false`);
  return text === "true";
}

const MOST_MINUTES = 2_880;

function toMinutes(text: string, input: string): number {
  const minutes = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (minutes > 0 && minutes <= MOST_MINUTES) return minutes;
  throw new Error(`${input}: expected a number above 0, at most ${MOST_MINUTES}`);
}

/** `dry-run` is CUTOVER_DRY_RUN. */
function toVariable(name: string): string {
  return `CUTOVER_${name.toUpperCase().replaceAll("-", "_")}`;
}
