/**
 * Starts a rollout from CI, waits for its end and writes its report into the job. Plain JavaScript without dependencies for
 * Node.js 20 or newer: a runner needs only this file and the AWS CLI v2.
 *
 * Inputs are environment variables, CUTOVER_…. No input becomes part of a command line's text.
 * With the argument `session` it only writes the output session-seconds: how long the credentials of the job must live.
 * Exit code:
 * 0 the rollout succeeded, was a dry run, or was a rollback that restored every customer; or the job does not wait
 * 1 the rollout ended in any other way, or its end is not known
 * 2 the event or an input was refused, or there is no AWS CLI v2, and nothing was started
 */
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

// biome-ignore lint/style/noProcessEnv: a CI system passes the inputs of a script in its environment, and this is the only place that reads it
const settings = process.env;

const OK = 0;
const FAILED = 1;
const REFUSED = 2;

const UNDER_WAY = ["starting", "waiting", "running"];
const GOOD_ENDS = ["succeeded", "planned"];
const ENDS = [...GOOD_ENDS, "partial", "rolled-back", "halted", "aborted", "failed", "refused"];
/** These actions have a source rollout: they need no targets, and only a rollback may have a release. */
const LATER_ACTIONS = ["rollback", "retry"];
/** The front door's errors for a refused event; every other error is a fault. */
const REFUSALS = ["BadDeployEventError", "RefusedError", "ControlsError", "RightsError"];
/** After so many failed calls in a row the job stops waiting. */
const MOST_MISSES = 5;
const MOST_CALL_MS = 90_000;
const MOST_WAIT_MS = 60_000;
/** The limits of AWS for a role's credentials, and what a job needs beside its waiting. */
const [LEAST_SESSION_MINUTES, MOST_SESSION_MINUTES, SPARE_MINUTES] = [15, 720, 10];

/** An input or an event was refused, or the end of the rollout is not known. */
class Failure extends Error {
  constructor(message, options = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? FAILED;
  }
}

async function main() {
  const outputs = {};
  try {
    if (process.argv[2] === "session") {
      await writeLine(settings.GITHUB_OUTPUT, `session-seconds=${readSessionSeconds()}`);
      return OK;
    }
    const inputs = readInputs();
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => leave(outputs));
    await checkCli();
    const answer = await roll(inputs, outputs);
    await report(answer, inputs.wait);
    return UNDER_WAY.includes(answer.status) || isGood(answer) ? OK : FAILED;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say("cutover:", error.message);
    await summarize(["## Cutover", "", ...quote(error.message)]);
    return error.exitCode;
  } finally {
    await writeOutputs(outputs);
  }
}

/** When the CI system stops the job, the rollout goes on. */
async function leave({ rolloutId }) {
  const message =
    rolloutId === undefined
      ? "the job was stopped while the event was sent. If a rollout was started, it continues. Run this job again with the same id to join it."
      : `the job was stopped, but rollout ${rolloutId} continues. Run this job again with the same id to join it. To stop the rollout, send {"command":"abort","rolloutId":"${rolloutId}","requestedBy":…,"reason":…} to the front door.`;
  say("cutover:", message);
  await summarize(["## Cutover", "", ...quote(message)]);
  process.exit(FAILED);
}

/** The status rolled-back is a success only for a rollback. */
function isGood({ action, status, rollback }) {
  return status === "rolled-back" ? action === "rollback" && rollback?.failed === 0 : GOOD_ENDS.includes(status);
}

/** Starts or joins the rollout and, with `wait`, waits for its end; updates `outputs`. */
async function roll(inputs, outputs) {
  const started = checkAnswer(await invoke(inputs.fn, inputs.event));
  learn(outputs, started);
  // At once: a job that is cancelled leaves the rollout's id.
  await writeOutputs(outputs);
  const joined = started.joined ? " (joined: the event was sent before)" : "";
  say("cutover:", `rollout ${started.rolloutId} is ${started.status}${joined}`);
  if (!inputs.wait && UNDER_WAY.includes(started.status)) return started;
  return { ...(await follow(inputs, outputs, started)), joined: started.joined };
}

/** Polls the rollout's status until its end, less often with time, because each answer reads the ledger. */
async function follow({ fn, timeoutMs, pollMs }, outputs, { rolloutId, execution, status }) {
  const endsAt = Date.now() + timeoutMs;
  const question = { command: "status", rolloutId, format: "markdown", ...(execution !== undefined && { execution }) };
  const beganAt = Date.now();
  let misses = 0;
  let said = status;
  for (;;) {
    const answer = await ask(fn, question);
    misses = answer.miss === undefined ? 0 : misses + 1;
    if (misses > MOST_MISSES) throw lost(rolloutId, `its end is not known: ${answer.miss}`);
    if (answer.miss === undefined) {
      learn(outputs, answer);
      said = sayOnce(answer, said);
      if (!UNDER_WAY.includes(answer.status)) return answer;
    }
    const waitMs = toWaitMs(pollMs, Date.now() - beganAt);
    if (Date.now() + waitMs > endsAt) throw lost(rolloutId, `it did not end within ${timeoutMs / 60_000} minutes`);
    await sleep(waitMs);
  }
}

/** A twentieth of the time that has passed, at most a minute, but at least the poll interval of the job. */
function toWaitMs(pollMs, passedMs) {
  return Math.max(pollMs, Math.min(passedMs / 20, MOST_WAIT_MS));
}

/** The rest of a bake is said with something new only, because it is different at each poll. */
function sayOnce(answer, said) {
  const now = describe(answer);
  const { bakeLeftSeconds: left = 0 } = answer.progress ?? {};
  const bake = left > 0 ? ` (${Math.ceil(left / 60)} minutes of the bake are left)` : "";
  if (now !== said) say("cutover:", `rollout ${answer.rolloutId} is ${now}${bake}`);
  return now;
}

async function ask(fn, question) {
  try {
    return checkAnswer(await invoke(fn, question));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { miss: error.message };
  }
}

function lost(rolloutId, what) {
  return new Failure(
    `rollout ${rolloutId}: ${what}. The rollout continues. Run this job again with the same id to join it, or ask for its status.`,
  );
}

/** Calls the front door and returns its answer. */
async function invoke(fn, payload) {
  const folder = await mkdtemp(join(tmpdir(), "cutover-"));
  try {
    const question = join(folder, "payload.json");
    const answer = join(folder, "answer.json");
    await writeFile(question, JSON.stringify(payload));
    const metadata = await callAws([
      ...["lambda", "invoke", "--function-name", fn, "--payload", `fileb://${question}`],
      ...["--qualifier", payload.command === undefined ? "start" : "read"],
      ...["--output", "json", "--no-cli-pager", answer],
    ]);
    const said = parse(await readFile(answer, "utf8"), "the front door answered with something that is not JSON");
    if (metadata.FunctionError === undefined) return said;
    const { errorType, errorMessage } = said ?? {};
    throw REFUSALS.includes(errorType)
      ? new Failure(String(errorMessage), { exitCode: REFUSED })
      : new Failure(`the front door failed: ${errorType}: ${errorMessage}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function callAws(args) {
  const { error, output, complaint } = await runCli(args);
  if (error === null) return parse(output, "the AWS CLI printed something that is not JSON");
  throw new Failure(`Lambda could not be called: ${complaint.trim() || error.message}`);
}

/** @throws Failure without an AWS CLI v2, before anything is sent */
async function checkCli() {
  const { error, output, complaint } = await runCli(["--version"]);
  const [, version] = /^aws-cli\/(\d+\S*)/.exec(output + complaint) ?? [];
  if (error?.code === "ENOENT") throw new Failure(`${NO_CLI}: there is no \`aws\` on the PATH`, { exitCode: REFUSED });
  if (version?.startsWith("1.")) throw new Failure(`${NO_CLI}: \`aws\` is version ${version}`, { exitCode: REFUSED });
}

const NO_CLI = "nothing was sent, because this script needs the AWS CLI v2";

/** Without a shell: arguments stay arguments. */
function runCli(args) {
  const cli = settings.CUTOVER_AWS_CLI || "aws";
  const options = { timeout: MOST_CALL_MS, killSignal: "SIGKILL" };
  return new Promise((resolve) => {
    execFile(cli, args, options, (error, output, complaint) => resolve({ error, output, complaint }));
  });
}

function parse(text, complaint) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure(complaint, { cause });
  }
}

/** Checks the values, because CI systems read the output files line by line. */
function checkAnswer(answer) {
  const { rolloutId, status } = answer ?? {};
  const isKnown = [...UNDER_WAY, ...ENDS].includes(status);
  if (isKnown && typeof rolloutId === "string" && /^[\w-]{1,64}$/.test(rolloutId)) return answer;
  throw new Failure(
    "the function answered, but not as Cutover's front door does: is it the FrontDoorFunctionName of the deployment?",
  );
}

// Inputs

function readInputs() {
  return readAll((read) => {
    const needed = LATER_ACTIONS.includes(settings.CUTOVER_ACTION)
      ? optional
      : (text, ...convert) => optional(required(text), ...convert);
    const event = {
      action: read("ACTION", required),
      release: read("RELEASE", (text) => needed(text)),
      targets: read("TARGETS", (text) => needed(text, toJson)),
      exclude: read("EXCLUDE", (text) => optional(text, toJson)),
      rolloutId: read("ROLLOUT_ID", optional),
      strategy: read("STRATEGY", (text) => optional(text, toStrategy)),
      onFailure: read("ON_FAILURE", optional),
      dryRun: read("DRY_RUN", (text) => toBoolean(text, false)),
      id: read("ID", optional),
      requestedBy: read("REQUESTED_BY", optional),
      reason: read("REASON", optional),
    };
    const fn = read("FUNCTION", toFunctionName);
    return {
      fn,
      event,
      ...readWaiting(read, 2_880),
      pollMs: read("POLL_SECONDS", (text) => toNumber(text, 5, 300) * 1_000),
    };
  });
}

/** For the job's role: the waiting must end before its credentials do. */
function readSessionSeconds() {
  const most = MOST_SESSION_MINUTES - SPARE_MINUTES;
  const { wait, timeoutMs } = readAll((read) =>
    readWaiting(
      read,
      most,
      `, because the credentials of role-to-assume live at most ${MOST_SESSION_MINUTES / 60} hours`,
    ),
  );
  const minutes = wait ? timeoutMs / 60_000 + SPARE_MINUTES : 0;
  return Math.ceil(Math.max(minutes, LEAST_SESSION_MINUTES) * 60);
}

function readWaiting(read, mostMinutes, because = "") {
  return {
    wait: read("WAIT", (text) => toBoolean(text, true)),
    timeoutMs: read("TIMEOUT_MINUTES", (text) => toNumber(text, 50, mostMinutes, because) * 60_000),
  };
}

/** @throws Failure with every problem */
function readAll(readFrom) {
  const problems = [];
  const read = (name, check) => {
    try {
      return check(settings[`CUTOVER_${name}`] ?? "");
    } catch (error) {
      problems.push(`${name.toLowerCase().replaceAll("_", "-")}: ${error.message}`);
      return undefined;
    }
  };
  const inputs = readFrom(read);
  if (problems.length === 0) return inputs;
  throw new Failure(
    `nothing was sent, because inputs are wrong:\n${problems.map((each) => `  - ${each}`).join("\n")}`,
    { exitCode: REFUSED },
  );
}

function required(text) {
  if (text === "") throw new Error("it is missing");
  return text;
}

function optional(text, convert = (same) => same) {
  return text === "" ? undefined : convert(text);
}

/** A name, or the waves as JSON. */
function toStrategy(text) {
  return text.trimStart().startsWith("{") ? toJson(text) : text;
}

function toJson(text) {
  const json = parseInput(text);
  const [twice] = findRepeatedMembers(text);
  if (twice !== undefined)
    throw new Error(
      `${twice} comes twice in one object; expected it once, because JSON.parse ignores all but the last`,
    );
  return json;
}

function parseInput(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('expected JSON, such as {"all":true} or [{"tags":["beta"]}]', { cause });
  }
}

const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const TOKENS = new RegExp(`(${TEXT})(?=\\s*:)|${TEXT}|[{}[\\]]`, "g");

/** For a valid JSON text. `JSON.parse` keeps the last member, and a typing error in `exclude` must not flip a customer. */
function findRepeatedMembers(text) {
  const repeated = [];
  const open = [];
  for (const [token, member] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (member !== undefined) {
      const name = JSON.parse(member);
      if (open.at(-1).has(name)) repeated.push(member);
      open.at(-1).add(name);
    }
  }
  return repeated;
}

function toBoolean(text, otherwise) {
  if (text === "") return otherwise;
  if (text !== "true" && text !== "false") throw new Error("expected true or false");
  return text === "true";
}

function toNumber(text, otherwise, most, because = "") {
  if (text === "") return otherwise;
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number === 0 || number > most) throw new Error(`expected a number above 0, at most ${most}${because}`);
  return number;
}

/** A name or an ARN, without an alias; never an option of the AWS CLI. */
function toFunctionName(text) {
  if (!/^\w[\w:$-]{0,169}$/.test(required(text))) throw new Error("expected the name or the ARN of a Lambda function");
  return text;
}

// Outputs

function learn(outputs, { rolloutId, status, counts }) {
  Object.assign(outputs, { rolloutId, status });
  for (const kind of ["flipped", "failed"]) {
    if (Number.isSafeInteger(counts?.[kind])) outputs[kind] = counts[kind];
  }
}

/** Every value is one word; unknown values are left out. Of a name that is written twice, the last value counts. */
async function writeOutputs({ rolloutId, status, flipped, failed }) {
  const values = Object.entries({ "rollout-id": rolloutId, status, flipped, failed });
  const known = values.filter(([, value]) => value !== undefined);
  const dotenv = known.map(([name, value]) => `CUTOVER_${name.toUpperCase().replaceAll("-", "_")}=${value}\n`);
  for (const [name, value] of known) await writeLine(settings.GITHUB_OUTPUT, `${name}=${value}`);
  if (settings.CUTOVER_DOTENV) await writeFile(settings.CUTOVER_DOTENV, dotenv.join(""));
}

async function writeLine(file, line) {
  if (file) await appendFile(file, `${line}\n`);
}

/** Writes the report into the log and the job's summary. The front door renders the report. */
async function report(answer, isWaitedFor) {
  const { rolloutId, status, problems = [], joined, text } = answer;
  for (const { wave, decision, reasons = [] } of answer.waves ?? [])
    if (decision !== undefined) say("cutover:", [`wave ${wave}: ${decision}`, ...toMessages(reasons)].join("; "));
  for (const { message } of problems) say("cutover:", message);
  if (!isWaitedFor && UNDER_WAY.includes(status))
    say("cutover:", "the job does not wait; the rollout continues without it");
  await summarize([
    ...(typeof text === "string"
      ? [text]
      : [
          `## Cutover: ${toMarkdown(rolloutId)}`,
          "",
          `**${toMarkdown(status)}**`,
          "",
          ...quote(problems.map(({ message }) => message).join("\n")),
        ]),
    ...(joined ? ["The same event was sent before: this job joined its rollout.", ""] : []),
  ]);
}

/** `running, wave 2 of 3, baking; held: the stop switch is on: 12 flipped`. */
function describe({ action, status, counts, rollback, progress, plan }) {
  if (status === "planned") return "planned only: no customer was flipped";
  const { phase, wave, heldBy = [], noted = [] } = progress ?? {};
  const waves = plan?.waves?.length ?? 0;
  const where = wave === undefined || waves < 2 ? [] : [`wave ${wave} of ${waves}`];
  const doing = [status, ...where, ...(phase === undefined || phase === status ? [] : [phase])].join(", ");
  const notes = [
    ...toMessages(heldBy).map((message) => `; held: ${message}`),
    ...toMessages(noted).map((each) => `; ${each}`),
  ];
  const outcomes = Object.entries((action === "rollback" ? rollback : counts) ?? {}).filter(([, count]) => count > 0);
  const text = outcomes.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${doing}${notes.join("")}${text === "" ? "" : `: ${text}`}`;
}

function toMessages(reasons) {
  return reasons.map(({ message }) => message);
}

function quote(text) {
  return text === "" ? [] : [...text.split("\n").map((line) => `> ${toMarkdown(line)}  `), ""];
}

async function summarize(lines) {
  const text = `${lines.join("\n")}\n`;
  for (const file of [settings.GITHUB_STEP_SUMMARY, settings.CUTOVER_SUMMARY]) if (file) await appendFile(file, text);
}

/** Writes lines to the log. A line with `::` at its start, or with `##[`, would be a command to GitHub's runner. */
function say(prefix, text) {
  const lines = text.split("\n").map((line) => clean(line).replaceAll("##[", "## ["));
  process.stdout.write(lines.map((line) => `${prefix} ${line}\n`).join(""));
}

/** Escapes every character with a meaning in Markdown or HTML. */
function toMarkdown(value) {
  return clean(String(value)).replace(/[!-/:-@[-`{-~]/g, "\\$&");
}

const MOST_LETTERS = 500;

/** One line without escape sequences, control, format and bidi characters. */
function clean(text) {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{Cf}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  const letters = [...line];
  return letters.length <= MOST_LETTERS ? line : `${letters.slice(0, MOST_LETTERS - 1).join("")}…`;
}

process.exitCode = await main();
