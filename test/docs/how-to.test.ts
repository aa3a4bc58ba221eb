import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parsePolicy } from "../../lambda/config.ts";
import { formatTime } from "../../lambda/core/report/text-layout.ts";
import { type Sandbox, startSandbox } from "../../local/sandbox/start-sandbox.ts";
import { afterAll, beforeAll, expect, test } from "../support/jest.ts";
import { runCutover } from "../support/run-cutover.ts";
import { startProgram } from "../support/start-program.ts";

/**
 * The page is one story: its commands run in order, in one sandbox. To write the outputs of today into the page, run this
 * file with WRITE_HOW_TO=1.
 */
const PAGE = join(import.meta.dirname, "../../docs/how-to.md");
const PARTS = readFileSync(PAGE, "utf8").split(/^(?=## )/m);
const FLIPS_OF_EVENING = 10;
/** Fast enough for bakes, and slow enough to answer within a day. */
const FAST = 5_000;
/** Held requests do not time out, and tries follow each other at once. */
const RETRIES = { requestTimeoutMs: 60_000, mostBackoffMs: 20 };
const PACE = { requestsPerSecond: 2_000, startRequestsPerSecond: 1_000, settleSeconds: 1 };

let sandbox: Sandbox;
let asked = Promise.withResolvers<void>();
let folder: string;
const stack = new AsyncDisposableStack();
const written: string[] = [PARTS[0] ?? ""];

beforeAll(async () => {
  const own = JSON.parse(/```json policy\n(.*?)\n```/s.exec(PARTS[0] ?? "")?.[1] ?? "");
  parsePolicy(own);
  folder = mkdtempSync(join(tmpdir(), "cutover-how-to-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const policy = { ...own, ...PACE, retries: RETRIES };
  const options = { customers: 1_000, seed: 1, faults: "", port: 0, emulatorPort: 0, fast: FAST, policy };
  sandbox = await startSandbox(options, ({ change }) => change === "approval asked" && asked.resolve(), stack);
});

afterAll(async () => {
  await stack.disposeAsync();
  if (process.env.WRITE_HOW_TO === "1" && written.length === PARTS.length) writeFileSync(PAGE, written.join(""));
});

test.each(PARTS.slice(1).map((part) => [/^## (.*)/.exec(part)?.[1] ?? "", part]))("%s", async (_title, part) => {
  const played = await play(part);
  written.push(played);
  if (process.env.WRITE_HOW_TO !== "1") expect(mask(played)).toBe(mask(part));
});

const BLOCK = /```(\w+)\n(?:(.*?)\n)??```/gs;

/** The section with the outputs that its commands have now, where they differ by more than times. */
async function play(section: string): Promise<string> {
  let [played, end, json] = ["", 0, ""];
  let output: string | undefined;
  for (const { 0: block, 1: kind, 2: text = "", index } of section.matchAll(BLOCK)) {
    played += section.slice(end, index);
    end = index + block.length;
    const isOutput = output !== undefined && kind === "text";
    played += isOutput && mask(output ?? "") !== mask(text) ? `\`\`\`${kind}\n${output}\n\`\`\`` : block;
    output = kind === "sh" ? await run(text, json) : undefined;
    if (kind === "json") json = text;
  }
  return played + section.slice(end);
}

function mask(text: string): string {
  return text
    .replaceAll(/(?<!applies until )\d{4}-\d\d-\d\d(?:T|\s+)\d\d:\d\d:\d\d(\.\d{3})?/g, "TIME")
    .replaceAll(/^took .*$/gm, "took")
    .replaceAll(/^rollout {3}promote-[0-9a-f]{12}$/gm, "rollout");
}

/** Runs one command of the page in a shell, as Ann; `json` is the block before it. */
async function run(command: string, json: string): Promise<string> {
  const [, file] = /--event (\S+)$/.exec(command) ?? [];
  if (file !== undefined) writeFileSync(join(folder, file), json);
  const isEvening = command.includes("--id evening");
  const isFailing = command.includes("--id stage-again");
  if (isFailing) sandbox.emulator.setFaults("lost-write");
  const flips = isEvening ? holdFlips() : undefined;
  const output = await runShell(command);
  await flips;
  if (command.includes('"approval"')) await waitForQuestion();
  if (/^cutover (abort|approve|reject) /.test(command)) release();
  // A rollout that is held or asks goes on while the next commands run.
  if (!isHeld) await sandbox.settled();
  if (isFailing) sandbox.emulator.setFaults("");
  return output;
}

/** The verbs that record who asks. */
const ASKED =
  /^cutover (stage|promote|rollback|retry|plan|pause|resume|approve|reject|abort|stop|go|release|freeze|lift-freeze) /;
const START = join(import.meta.dirname, "../../local/start.ts");

async function runShell(command: string): Promise<string> {
  freezeEnd = /--until (\S+)/.exec(command)?.[1] ?? freezeEnd;
  const sent = `${command.replace(freezeEnd, SENT_END)}${ASKED.test(command) ? " --by ann" : ""}`;
  const { out, err } = await (command.startsWith("npm start -- ") ? runStart(sent) : runVerbs(sent));
  const [refusal] = /^cutover: .*/ms.exec(err) ?? [];
  const output = (refusal ?? out).replaceAll(` --port ${sandbox.port}`, "");
  return shorten(output.replaceAll(formatTime(SENT_END), formatTime(freezeEnd))).trim();
}

async function runStart(command: string) {
  const program = startProgram("bash", [
    "-c",
    `cd ${folder}; npm() { ${process.execPath} ${START} "\${@:3}"; }; ${command}`,
  ]);
  program.child.stdin.end();
  await program.ended;
  return { out: program.out(), err: program.err() };
}

/** Runs each command line that a shell reads in these lines, as by npx, for which the page has an alias. */
async function runVerbs(lines: string) {
  const words = `alias() { :; }; cutover() { printf '%s\\0' "$@" $'\\n'; }; ${lines}`;
  const read = execFileSync("bash", ["-c", words], { encoding: "utf8" });
  let [out, err] = ["", ""];
  for (const line of read.split("\n\0").slice(0, -1)) {
    const ran = await runCutover(line.split("\0").slice(0, -1), sandbox.port);
    out += ran.out;
    err += ran.err;
  }
  return { out, err };
}

/** The end of the page's freeze may be over by now: another end is sent, and shown as that of the page. */
const SENT_END = new Date(Date.now() + 3_600_000).toISOString();
let freezeEnd = SENT_END;

/** A plan names 50 customers, and the page shows the first two. The page has the report of `npm start` already. */
function shorten(output: string): string {
  return output
    .replace(/(?<=^to flip\n {2}wave 1\n(?: {4}REF.*\n {6}.*\n){2})(?: .*\n)+/m, "    …\n")
    .replace(/(?<=^1,000 customers, .*\n)\n.*(?=\ncheck: )/s, "…");
}

let isHeld = false;
let release = () => {};

/** Holds the flips of the first wave until `release`; waits until all of them have arrived. */
async function holdFlips(): Promise<void> {
  const held = Promise.withResolvers<void>();
  let arrived = 0;
  const stop = sandbox.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return undefined;
    arrived += 1;
    return held.promise;
  });
  isHeld = true;
  release = () => {
    isHeld = false;
    stop();
    held.resolve();
  };
  while (arrived < FLIPS_OF_EVENING) await sleep(20);
}

async function waitForQuestion(): Promise<void> {
  await asked.promise;
  asked = Promise.withResolvers();
  isHeld = true;
  release = () => {
    isHeld = false;
  };
}
