/**
 * Starts a rollout from CI and tells its job what became of it. Plain JavaScript without dependencies for Node.js 20 or
 * newer, so that a runner needs nothing of this repository but this file, and the AWS CLI v2 to call Lambda with.
 *
 * Inputs are environment variables, CUTOVER_…, all of them data: none is ever part of a command line's text.
 * Exit code: 0 succeeded, planned, or rolled back with nobody left when that was the action, or started when it shall not
 * wait; 1 the rollout ended in any other way, or its end is not known; 2 the event or an input was refused, and nothing
 * was started.
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
/** They go on from an earlier rollout, and name neither customers nor, but for a rollback, a release. */
const LATER_ACTIONS = ["rollback", "retry"];
/** What the front door throws for an event that it refuses; anything else that it throws is a fault. */
const REFUSALS = ["BadDeployEventError", "RefusedError", "ControlsError"];
/** So often in a row Lambda may not be reached while a rollout is waited for. */
const MOST_MISSES = 5;
const MOST_CALL_MS = 90_000;
const MOST_WAIT_MS = 60_000;

/** An input or an event that was refused, or a rollout whose end is not known. */
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

/** To be turned back is what a rollback wants, and nothing else does. */
function isGood({ action, status, rollback }) {
  return status === "rolled-back" ? action === "rollback" && rollback?.left === 0 : GOOD_ENDS.includes(status);
}

/** Starts the rollout, or joins it, and follows it as far as is asked for; tells `outputs` all that it learns. */
async function roll(inputs, outputs) {
  const started = checkAnswer(await invoke(inputs.fn, inputs.event));
  learn(outputs, started);
  const joined = started.joined ? " (joined: it was sent before)" : "";
  say("cutover:", `rollout ${started.rolloutId} is ${started.status}${joined}`);
  if (!inputs.wait && UNDER_WAY.includes(started.status)) return started;
  return { ...(await follow(inputs, outputs, started)), joined: started.joined };
}

/** Asks for the rollout's status until it has ended, less often the longer it takes: each answer is read from the ledger. */
async function follow({ fn, timeoutMs, pollMs }, outputs, { rolloutId, execution, status }) {
  const endsAt = Date.now() + timeoutMs;
  const question = { command: "status", rolloutId, ...(execution !== undefined && { execution }) };
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
    if (Date.now() + waitMs > endsAt) throw lost(rolloutId, `it had not ended within ${timeoutMs / 60_000} minutes`);
    await sleep(waitMs);
  }
}

/** A twentieth of the time that has passed, at most a minute, unless it is asked for less often anyway. */
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
    `rollout ${rolloutId}: ${what}. The rollout goes on by itself; run this job again with the same id to join it, or ask for its status.`,
  );
}

/** One call of the front door; what it answered. */
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

/** What goes into files that CI systems read by lines must be what it says it is. */
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
    `nothing was sent; the inputs are not right:\n${problems.map((each) => `  - ${each}`).join("\n")}`,
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
    throw new Error(`${twice} comes twice in one object; expected it once, because all but the last would be ignored`);
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

/** Of a valid JSON text: parsers keep the last of two, and a typing error in `exclude` must never flip somebody. */
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

/** A name or an ARN, with or without a version or alias; never what the AWS CLI would take for an option or a file. */
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

/** Every value was checked to be one word; what is not known is left out. */
async function writeOutputs({ rolloutId, status, flipped, failed }) {
  const values = Object.entries({ "rollout-id": rolloutId, status, flipped, failed });
  const known = values.filter(([, value]) => value !== undefined);
  const write = async (file, toName) => {
    if (file) await appendFile(file, known.map(([name, value]) => `${toName(name)}=${value}\n`).join(""));
  };
  await write(settings.GITHUB_OUTPUT, (name) => name);
  await write(settings.CUTOVER_DOTENV, (name) => `CUTOVER_${name.toUpperCase().replaceAll("-", "_")}`);
}

/** The report for the log, and for the job's page. */
async function report(answer, isWaitedFor) {
  const { action, status, problem, plan, counts, rollback, exceptions = [], moreExceptions = 0 } = answer;
  if (problem !== undefined) say("cutover:", problem);
  if (!isWaitedFor && UNDER_WAY.includes(status))
    say("cutover:", "not waiting for its end; the rollout goes on by itself");
  await summarize([
    `## Cutover: ${toMarkdown([answer.action, answer.release].filter(Boolean).join(" ") || answer.rolloutId)}`,
    "",
    `**${toMarkdown(describe(answer))}**`,
    "",
    ...(problem === undefined ? [] : quote(problem)),
    ...table(["", ""], toFacts(answer)),
    ...(plan === undefined ? [] : ["### Plan", "", ...table(["", "customers"], toPlanRows(plan))]),
    ...(plan === undefined || toWaveRows(answer).length < 2
      ? []
      : ["### Waves", "", ...table(["wave", "customers", "bake in seconds", "then", "why"], toWaveRows(answer))]),
    ...(counts === undefined || status === "planned" || action === "rollback"
      ? []
      : ["### Outcome", "", ...table(["", "customers"], Object.entries(counts))]),
    ...(rollback === undefined ? [] : ["### Rolled back", "", ...table(["", "customers"], toRevertRows(rollback))]),
    ...(exceptions.length === 0
      ? []
      : [
          "### Customers to look at",
          "",
          ...table(["customer", "id", "outcome", "why"], exceptions.map(toCustomerRow)),
        ]),
    ...(moreExceptions > 0 ? [`and ${toMarkdown(moreExceptions)} more; the ledger has all of them`, ""] : []),
    ...toNext(answer),
  ]);
}

function describe({ action, status, counts, rollback }) {
  if (status === "planned") return "planned only, nobody was flipped";
  const outcomes = Object.entries(action === "rollback" ? {} : (counts ?? {}));
  const some = [...outcomes, ...(rollback === undefined ? [] : toRevertRows(rollback))].filter(
    ([, count]) => count > 0,
  );
  const said = some.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return said === "" ? status : `${status}: ${said}`;
}

function toRevertRows({ restored, conflicting, left }) {
  return [
    ["flipped back", restored],
    ["left alone", conflicting],
    ["left", left],
  ];
}

/** Each wave of the plan, with what its gate decided. */
function toWaveRows({ plan, waves = [] }) {
  const results = new Map(waves.map((result) => [result.wave, result]));
  return (plan?.waves ?? []).map(({ wave, customers, bakeSeconds, note }) => {
    const { decision, reasons } = results.get(wave) ?? {};
    return [wave, customers, bakeSeconds, decision ?? "", (reasons ?? [note ?? ""]).join("; ")];
  });
}

/** What a person can do now; what is sent are words that the front door has checked. */
function toNext({ next = [] }) {
  return next.flatMap(({ say: what, send }) => [
    send === undefined ? toMarkdown(what) : `${toMarkdown(what)} \`${JSON.stringify(send)}\``,
    "",
  ]);
}

function toFacts({ rolloutId, joined, requestedBy, reason, startedAt, endedAt }) {
  const facts = [
    ["rollout", rolloutId],
    ["joined", joined ? "yes, it was sent before" : undefined],
    ["asked by", requestedBy],
    ["because", reason],
    ["started", startedAt],
    ["ended", endedAt],
  ];
  return facts.filter(([, value]) => value !== undefined);
}

function toPlanRows({ flip, unchanged, skipped, skippedBy = {} }) {
  const reasons = Object.entries(skippedBy).map(([reason, count]) => [`skipped: ${reason}`, count]);
  return [["to flip", flip], ["unchanged", unchanged], ["skipped", skipped], ...reasons];
}

function toCustomerRow({ name, customerId, outcome, reason }) {
  return [name, customerId, outcome, reason];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => toMarkdown(cell)).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line), ""];
}

function quote(text) {
  return [...text.split("\n").map((line) => `> ${toMarkdown(line)}  `), ""];
}

async function summarize(lines) {
  const text = `${lines.join("\n")}\n`;
  for (const file of [settings.GITHUB_STEP_SUMMARY, settings.CUTOVER_SUMMARY]) if (file) await appendFile(file, text);
}

/** Lines for the log. A line that begins with `::`, or holds `##[`, would be a command to GitHub's runner. */
function say(prefix, text) {
  const lines = text.split("\n").map((line) => clean(line).replaceAll("##[", "## ["));
  process.stdout.write(lines.map((line) => `${prefix} ${line}\n`).join(""));
}

/** Text that renders as itself: every mark of Markdown and HTML is taken its meaning. */
function toMarkdown(value) {
  return clean(String(value)).replace(/[!-/:-@[-`{-~]/g, "\\$&");
}

const MOST_LETTERS = 500;

/** One line without anything that a terminal or a page obeys: escape sequences, control, format and bidi characters. */
function clean(text) {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{Cf}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  const letters = [...line];
  return letters.length <= MOST_LETTERS ? line : `${letters.slice(0, MOST_LETTERS - 1).join("")}…`;
}

process.exitCode = await main();
