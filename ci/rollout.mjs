/**
 * Starts a rollout from CI, waits for its end and writes its report into the job. Plain JavaScript without dependencies for
 * Node.js 20 or newer: a runner needs only this file and the AWS CLI v2.
 *
 * Inputs are environment variables, CUTOVER_…. No input becomes part of a command line's text.
 * Exit code:
 * 0 the rollout succeeded, was a dry run, or was a rollback that restored every customer; or the job does not wait
 * 1 the rollout ended in any other way, or its end is not known
 * 2 the event or an input was refused, and nothing was started
 */
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

// biome-ignore lint/style/noProcessEnv: the inputs of a script in CI are its environment
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
const REFUSALS = ["BadDeployEventError", "RefusedError", "ControlsError"];
/** After so many failed calls in a row the job stops waiting. */
const MOST_MISSES = 5;
const MOST_CALL_MS = 90_000;
const MOST_WAIT_MS = 60_000;

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
    const inputs = readInputs();
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

/** The status rolled-back is a success only for a rollback. */
function isGood({ action, status, rollback }) {
  return status === "rolled-back" ? action === "rollback" && rollback?.failed === 0 : GOOD_ENDS.includes(status);
}

/** Starts or joins the rollout and, with `wait`, waits for its end; updates `outputs`. */
async function roll(inputs, outputs) {
  const started = checkAnswer(await invoke(inputs.fn, inputs.event));
  learn(outputs, started);
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

function sayOnce(answer, said) {
  const now = describe(answer);
  if (now !== said) say("cutover:", `rollout ${answer.rolloutId} is ${now}`);
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

/** Without a shell: arguments stay arguments. */
function callAws(args) {
  const cli = settings.CUTOVER_AWS_CLI || "aws";
  return new Promise((resolve, reject) => {
    execFile(cli, args, { timeout: MOST_CALL_MS, killSignal: "SIGKILL" }, (error, output, complaint) => {
      if (error === null) resolve(parse(output, "the AWS CLI printed something that is not JSON; version 2 is needed"));
      else reject(new Failure(`Lambda could not be called: ${complaint.trim() || error.message}`));
    });
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
  const problems = [];
  const read = (name, check) => {
    try {
      return check(settings[`CUTOVER_${name}`] ?? "");
    } catch (error) {
      problems.push(`${name.toLowerCase().replaceAll("_", "-")}: ${error.message}`);
      return undefined;
    }
  };
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
  const inputs = {
    fn: read("FUNCTION", toFunctionName),
    event,
    wait: read("WAIT", (text) => toBoolean(text, true)),
    timeoutMs: read("TIMEOUT_MINUTES", (text) => toNumber(text, 50, 2_880) * 60_000),
    pollMs: read("POLL_SECONDS", (text) => toNumber(text, 5, 300) * 1_000),
  };
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

function toNumber(text, otherwise, most) {
  if (text === "") return otherwise;
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number === 0 || number > most) throw new Error(`expected a number above 0, at most ${most}`);
  return number;
}

/** A name or an ARN, with or without a version or an alias; never an option of the AWS CLI. */
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

/** Every value is one word; unknown values are left out. */
async function writeOutputs({ rolloutId, status, flipped, failed }) {
  const values = Object.entries({ "rollout-id": rolloutId, status, flipped, failed });
  const known = values.filter(([, value]) => value !== undefined);
  const write = async (file, toName) => {
    if (file) await appendFile(file, known.map(([name, value]) => `${toName(name)}=${value}\n`).join(""));
  };
  await write(settings.GITHUB_OUTPUT, (name) => name);
  await write(settings.CUTOVER_DOTENV, (name) => `CUTOVER_${name.toUpperCase().replaceAll("-", "_")}`);
}

/** Writes the report into the log and the job's summary. The front door renders the report. */
async function report(answer, isWaitedFor) {
  const { rolloutId, status, problems = [], joined, text } = answer;
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

function describe({ action, status, counts, rollback }) {
  if (status === "planned") return "planned only: no customer was flipped";
  const outcomes = Object.entries((action === "rollback" ? rollback : counts) ?? {}).filter(([, count]) => count > 0);
  const text = outcomes.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return text === "" ? status : `${status}: ${text}`;
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
