import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type Door } from "../../../cli/connect.ts";
import { askStatus } from "../../../cli/follow.ts";
import { toPassword } from "../../../local/emulator/accounts.ts";
import { type Sandbox, startSandbox } from "../../../local/sandbox/start-sandbox.ts";
import { afterAll, beforeAll, expect, test } from "../../support/jest.ts";
import { runCutover } from "../../support/run-cutover.ts";
import { type Program, startProgram } from "../../support/start-program.ts";

const POLICY = {
  protected: { tags: ["vip"] },
  alarms: ["calls-that-fail"],
  strategies: {
    approved: { waves: [{ customers: 20 }, { rest: true, approval: { hours: 24 } }] },
    quick: { waves: [{ customers: 20, bakeMinutes: 10 }, { rest: true }] },
    "long-bake": { waves: [{ customers: 20, bakeMinutes: 1_440 }, { rest: true }] },
  },
  ...{ strategy: "quick", requestsPerSecond: 2_000, startRequestsPerSecond: 1_000, settleSeconds: 1 },
};

const { env } = process;
const folder = mkdtempSync(join(tmpdir(), "cutover-cli-"));
const stack = new AsyncDisposableStack();
let sandbox: Sandbox;
let door: Door;

beforeAll(async () => {
  // The sandbox sets variables for its functions.
  process.env = { ...env };
  const options = { customers: 220, seed: 1, faults: "", port: 0, emulatorPort: 0, fast: 600, policy: POLICY };
  sandbox = await startSandbox(options, () => {}, stack);
  door = await connect({ sandbox: true, port: String(sandbox.port) });
});
afterAll(async () => {
  await stack.disposeAsync();
  process.env = env;
  rmSync(folder, { recursive: true });
});

const at = () => ["--sandbox", "--port", String(sandbox.port)];
const cutover = (...words: readonly string[]) => runCutover(words, sandbox.port);

/** The file that ships as a process, in a pipe. */
function startCutover(...words: readonly string[]): Program {
  const program = startProgram(process.execPath, ["ci/cutover.mjs", ...words, ...at()]);
  program.child.stdin.end();
  return program;
}

/** The same on a terminal. */
function startOnTerminal(words: string): Program {
  const line = `stty cols 60 rows 24; exec ${process.execPath} ci/cutover.mjs ${words} ${at().join(" ")}`;
  return startProgram("script", ["--quiet", "--return", "--command", line, "/dev/null"], { NO_COLOR: "1" });
}

async function until(phase: "baking" | "waiting for approval", release: string): Promise<void> {
  for (; ; await sleep(20)) {
    const answer = await askStatus(door, {});
    if (!("counts" in answer) || answer.release !== release) continue;
    if (answer.progress?.phase === phase) return;
    if (!answer.dryRun && answer.progress === undefined) throw new Error(`rollout of ${release} has ended`);
  }
}

test("a plan is shown, run in waves by its hash, watched, listed and exported", async () => {
  const planned = await cutover("plan", "promote", "1.0", "--all");
  expect(planned).toMatchObject({ code: 0, out: expect.stringContaining("1  20 customers, then a bake of 10 min") });
  expect(planned.out).toMatch(
    /\nto flip\n {2}wave 1\n( {4}.*\n)+ {2}wave 2\n( {4}.*\n)+ {2}and \d+ more; the command customers/,
  );
  const aborted = await cutover("abort", "--reason", "calls drop");
  expect(aborted).toMatchObject({ code: 2, err: expect.stringContaining("there was no rollout yet, except dry runs") });
  const [, again = "", hash = ""] =
    /\nnpx cutover (promote 1\.0 --all .*--plan ([0-9a-f]{12}) --sandbox.*)\n/.exec(planned.out) ?? [];
  expect(again).toContain("--sandbox");
  const promoted = await cutover("promote", "1.0", "--all", "--plan", hash, "--watch", "--reason", "a new release");
  expect(promoted).toMatchObject({ code: 0, out: expect.stringContaining("promote 1.0   succeeded") });
  expect(promoted.err).toMatch(/\nrunning, wave 1 of 2, baking; 20 flipped, /);
  const [, rolloutId = ""] = /started rollout (promote-\w+)/.exec(promoted.err) ?? [];
  expect((await cutover("list")).out).toMatch(new RegExp(`promote 1\\.0 {3}succeeded\\n {2}${rolloutId} `));
  expect((await cutover("list")).out).not.toContain("planned");
  expect((await cutover("list", "--plans")).out).toMatch(/^promote 1\.0 {3}planned$/m);
  const status = await cutover("status", "--json");
  const { counts, via } = JSON.parse(status.out);
  expect(via).toEqual({ qualifier: "start" });
  expect(status).toMatchObject({ code: 0, err: "" });
  const { out: csv } = await cutover("customers", rolloutId, "--csv");
  const [head, ...rows] = csv.trim().split("\n");
  expect(head).toMatch(/^referenceId,customerId,name,/);
  expect(rows).toHaveLength(220);
  expect(rows.filter((row) => row.includes(",flipped,"))).toHaveLength(counts.flipped);
  const file = join(folder, "customers.csv");
  writeFileSync(file, csv);
  const page = join(folder, "report.html");
  const written = await cutover("report", rolloutId, "--html", page);
  expect(written).toMatchObject({ code: 0, out: "", err: expect.stringContaining("with 220 customers") });
  expect(readFileSync(page, "utf8").match(/<tr data-outcome="flipped">/g)).toHaveLength(counts.flipped);
  const same = await cutover("plan", "stage", "1.1", "--reference-ids-from", file, "--json");
  const { plan, customers } = JSON.parse(same.out);
  expect(plan.flip + plan.skipped).toBe(220);
  expect(customers).toHaveLength(220);
  const stale = await cutover("promote", "1.0", "--all", "--plan", hash);
  expect(stale).toMatchObject({ code: 1, out: expect.stringContaining("is no longer the plan of this event") });
  expect(await cutover("rollback", "promote-unknown")).toMatchObject({
    code: 1,
    out: expect.stringContaining("refused"),
  });
  const undo = await cutover("plan", "rollback", "--release", "1.0");
  expect(undo).toMatchObject({ code: 0, out: expect.stringContaining(`to restore  ${counts.flipped}`) });
  const [, referenceId = ""] = /^(REF-\d+),.*,flipped,/m.exec(csv) ?? [];
  const { out } = await cutover("customer", "--reference-id", referenceId);
  expect(out).toMatch(new RegExp(`^promote 1\\.0 {3}${rolloutId} .*\n  flipped .* ${referenceId}  `, "m"));
});

test("an id that is sent again joins its rollout, and is refused for another event", async () => {
  const two = ["--reference-id", "REF-000003", "--reference-id", "REF-000004", "--strategy", "all-at-once"];
  const stage = ["stage", "10.0", ...two, "--id", "twice", "--yes", "--watch"];
  const first = await cutover(...stage);
  const again = await cutover(...stage);
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^stage 10\.0 {3}succeeded\n/) });
  // The first time the plan stands before the report.
  expect(first.out.endsWith(again.out)).toBe(true);
  expect(again.err).toContain("the same event was sent before: rollout twice is");
  const other = await cutover("promote", "10.0", ...two, "--id", "twice", "--yes");
  expect(other).toMatchObject({ code: 2, out: "", err: expect.stringContaining("belongs to a different event") });
});

test("an abort from a cold shell ends a bake and restores all; the watching exits with 1", async () => {
  const started = await cutover("stage", "2.0", "--all", "--strategy", "long-bake", "--yes");
  expect(started.out).not.toContain("To run exactly this plan");
  expect(started).toMatchObject({
    code: 0,
    err: expect.stringContaining("\nto watch it: npx cutover status "),
  });
  const watched = startCutover("status", "--watch", "--json");
  await until("baking", "2.0");
  expect((await cutover("status")).out).toContain("\n  alarms: calls-that-fail OK\n");
  const beganAt = Date.now();
  expect(await startCutover("abort", "--reason", "calls drop").ended).toBe(0);
  // Under 2 s on an idle machine. The limit is for a loaded one.
  expect(Date.now() - beganAt).toBeLessThan(20_000);
  expect(await watched.ended).toBe(1);
  expect(JSON.parse(watched.out())).toMatchObject({
    status: "rolled-back",
    counts: { flipped: 20 },
    rollback: { restored: 20 },
  });
  expect(await cutover("status")).toMatchObject({ code: 0, out: expect.stringContaining("stage 2.0   rolled back") });
  expect((await cutover("status", "--watch")).code).toBe(1);
});

test("an alarm during a bake ends the rollout, and the program with 1 and the alarm's name", async () => {
  const staged = cutover("stage", "3.0", "--all", "--strategy", "long-bake", "--yes", "--watch");
  await until("baking", "3.0");
  sandbox.setAlarm("calls-that-fail", { state: "ALARM" });
  const { code, out } = await staged;
  sandbox.setAlarm("calls-that-fail", { state: "OK" });
  expect(code).toBe(1);
  expect(out).toMatch(/^stage 3\.0 {3}rolled back\n\nwhy\n {2}alarm calls-that-fail is in ALARM/m);
  expect(out).toContain(`\nnpx cutover release 3.0 --reason WHY --sandbox --port ${sandbox.port}\n`);
});

test("each verb calls the alias of its right, and the controls say by which", async () => {
  expect((await cutover("hold", "9.9", "--reason", "calls drop")).code).toBe(0);
  expect((await cutover("controls")).out).toMatch(/hold-release .*, by the alias steer of the front door: calls drop/);
  const held =
    /refused now: release 9\.9 is held, by .*\nTo end the hold: npx cutover release 9\.9 --reason WHY --sandbox /;
  expect(await cutover("promote", "9.9", "--all", "--yes")).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringMatching(held),
  });
  const planned = await cutover("plan", "promote", "9.9", "--all");
  expect(planned).toMatchObject({ code: 0, err: expect.stringMatching(held) });
  expect((await cutover("release", "9.9", "--reason", "fixed")).code).toBe(0);
  const alarmed = ["promote", "9.9", "--all", "--override", "a known alarm", "--strategy", "all-at-once", "--json"];
  expect(JSON.parse((await cutover("plan", ...alarmed)).out).via).toEqual({ qualifier: "read" });
  expect(JSON.parse((await cutover(...alarmed, "--yes", "--watch")).out).via).toEqual({ qualifier: "override" });
});

const REFUSED: readonly (readonly [string, readonly string[], string])[] = [
  ["an unknown option", ["promote", "1.0", "--tags", "beta"], "Did you mean --tag?"],
  ["no terminal to ask on, and no --yes", ["promote", "1.0", "--all"], "add --plan HASH, or add --yes"],
  ["what the front door refuses", ["promote", "1.0", "--tag", "a", "--tag", "b", "--yes"], "- --match: got nothing;"],
  ["a pause below the least", ["pause", "--minutes", "-3", "--reason", "x"], "--minutes: got -3; expected"],
  ["a limit below 1", ["promote", "1.0", "--all", "--max-customers", "-3", "--yes"], "--max-customers: got -3;"],
  ["a command without a reason", ["stop"], "--reason: got nothing"],
  ["a report for a folder that does not exist", ["report", "--html", "/none/report.html"], "cannot be written: ENOENT"],
];

test.each(REFUSED)("%s ends with 2, and says what would be right", async (_title, args, message) => {
  expect(await cutover(...args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) });
});

test("the problems of an event's file keep the paths of the file", async () => {
  const file = join(folder, "event.json");
  writeFileSync(file, JSON.stringify({ action: "promote", release: "1.0", targets: { tags: ["a", "b"] } }));
  expect(await cutover("promote", "--event", file, "--yes")).toMatchObject({
    ...{ code: 2, out: "", err: expect.stringContaining("- targets.match: got nothing;") },
  });
});

test("on a terminal it asks, draws the waves, and Ctrl-C ends the watching but not the rollout", async () => {
  const terminal = startOnTerminal("stage 4.0 --all");
  await terminal.until(/cutover-sandbox, http/);
  await terminal.until(/stage \d+ customers on cutover-sandbox\?/);
  terminal.child.stdin?.write("y");
  await terminal.until(/1 █{16} 20\/20/);
  terminal.child.stdin?.write("\u0003");
  expect(await terminal.ended).toBe(130);
  const [, rolloutId = ""] = await terminal.until(/the watching ended, and rollout (stage-\w+) continues/);
  expect(await cutover("status", rolloutId, "--watch")).toMatchObject({ code: 0 });
});

test("a wave begins after it is approved on a terminal, which shows the wave and the plan", async () => {
  await cutover("promote", "5.0", "--all", "--strategy", "approved", "--yes");
  await until("waiting for approval", "5.0");
  const status = await cutover("status");
  const [, hash = ""] = /hash ([0-9a-f]{12})/.exec(status.out) ?? [];
  expect(status.out).toMatch(/held: wave 2, \d+ customers, waits for /);
  const approve = `\nnpx cutover approve promote-\\w+ --plan ${hash} --wave 2 --reason WHY --sandbox `;
  expect(await cutover("approve", "--reason", "fine")).toMatchObject({
    ...{ code: 2, err: expect.stringMatching(new RegExp(`no question can be asked. To let wave 2 begin:${approve}`)) },
  });
  expect(await cutover("reject", "--plan", "0".repeat(12), "--reason", "no")).toMatchObject({
    ...{ code: 2, err: expect.stringContaining(`its plan is ${hash}, and not 000000000000`) },
  });
  const terminal = startOnTerminal("approve --reason fine");
  await terminal.until(new RegExp(`promote 5\\.0, plan ${hash}\\s+wave 2 of 2: \\d+ customers\\s`));
  await terminal.until(/approve wave 2 on cutover-sandbox\?/);
  terminal.child.stdin?.write("y");
  expect(await terminal.ended).toBe(0);
  const ended = await cutover("status", "--watch");
  expect(ended).toMatchObject({ code: 0, out: expect.stringMatching(/wave 2 was approved by /) });
});

test("login writes what is typed, and shows no password; the next rollout signs in with it", async () => {
  const write = async (password: string) => {
    const terminal = startOnTerminal("login");
    await terminal.until(/user name/);
    terminal.child.stdin.write("operator@evovoice.example\r");
    await terminal.until(/◆ {2}password/);
    terminal.child.stdin.write(`${password}\r`);
    const code = await terminal.ended;
    sandbox.emulator.endSessions();
    return { code, out: terminal.out() };
  };
  const plan = () => cutover("plan", "promote", "5.0", "--all");

  const wrong = await write("wrong");
  expect(wrong).toMatchObject({ code: 0, out: expect.stringContaining("written to evo-voice/login") });
  expect(await plan()).toMatchObject({ code: 1, out: expect.stringContaining("Evo Voice refused the sign-in") });
  const right = await write(toPassword(1));
  expect(await plan()).toMatchObject({ code: 0 });
  expect(wrong.out + right.out).not.toMatch(/wrong|Harbour/);
  expect((await write(" spaced")).out).toMatch(/password is empty or has a space at an end; nothing was written/);
  expect(await cutover("login", "--function", "front-door")).toMatchObject({
    ...{ code: 2, err: expect.stringContaining("name it with --stack, without --function") },
  });
  expect(await cutover("login")).toMatchObject({ code: 2, err: expect.stringContaining("needs a terminal") });
});
