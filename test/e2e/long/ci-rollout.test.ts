import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { INPUTS, runScript, START } from "../ci/run-script.ts";

const CUSTOMERS = 30;

let door: FrontDoor;

beforeEach(async () => {
  const policy = { failureBudget: "100%", retries: { attempts: 2, mostBackoffMs: 5 } };
  door = await openFrontDoor({ customers: CUSTOMERS, policy });
});

afterEach(() => door.close());

function run(inputs: Readonly<Record<string, string>> = {}, options: Parameters<typeof runScript>[2] = {}) {
  return runScript(door.world.environment, inputs, options);
}

/** Answers the job in the place of the front door; the last answer again and again. */
function answerWith(...answers: readonly object[]) {
  let calls = 0;
  const handler = async () => ({
    rolloutId: "r-1",
    action: "promote",
    ...answers[Math.min(calls++, answers.length - 1)],
  });
  door.world.executions.serve(`${START}-2`, { kind: "plain", handler, aliases: ["start", "read"] });
  return { FUNCTION: `${START}-2` };
}

/** The events that the worker was started with. */
function starts() {
  const invocations = door.world.executions.invocations().filter(({ functionArn }) => functionArn === WORKER_ARN);
  return invocations.map(({ payload }) => JSON.parse(payload));
}

/** Customers of the policy's account on staging; the emulator has another account too. */
function findStaged() {
  const { accountId, customers } = door.world.emulator;
  return [...customers()].filter((customer) => customer.isStaging && customer.accountId === accountId);
}

test("flips every customer, waits and writes the report; the same id joins the rollout", async () => {
  const staged = findStaged().length;
  const job = await run({ ID: "release-1", REQUESTED_BY: "octocat", REASON: "it is time" });

  expect(job).toMatchObject({ exitCode: 0 });
  expect(job.outputs).toEqual({ "rollout-id": "release-1", status: "succeeded", flipped: String(staged), failed: "0" });
  expect(job.dotenv).toBe(
    `CUTOVER_ROLLOUT_ID=release-1\nCUTOVER_STATUS=succeeded\nCUTOVER_FLIPPED=${staged}\nCUTOVER_FAILED=0\n`,
  );
  expect(job.log).toContain("cutover: rollout release-1 is starting\n");
  expect(job.summary).toContain("## Cutover: promote 2026\\.11\\.0\n");
  expect(job.summary).toContain(`| flipped | ${staged} |`);
  expect(job.summary).toContain(
    "| asked by | octocat\\, as the sender says |\n| came by | the alias start of the front door |\n",
  );
  expect(job.summary).toContain(`| plan | ${staged} to flip\\, hash `);
  expect(findStaged().length).toBe(0);

  const again = await run({ ID: "release-1", REQUESTED_BY: "another" });
  expect(again).toMatchObject({ exitCode: 0, outputs: job.outputs });
  expect(again.summary).toContain("this job joined its rollout");
  expect(again.log).toContain("rollout release-1 is succeeded (joined: the event was sent before)");
  expect(starts()).toHaveLength(1);
});

describe("a rollout in waves", () => {
  const ALARM = "calls-that-fail";
  const WAVES = { STRATEGY: '{"waves":[{"customers":3},{"rest":true}]}', ID: "in-waves" };

  /** Whose alarm goes off at its third look: after the first wave. */
  async function openWithAlarm(): Promise<void> {
    await door.close();
    door = await openFrontDoor({ customers: CUSTOMERS, policy: { alarms: [ALARM] } });
    door.world.cloudWatch.setAlarm(ALARM, { state: "OK" });
    door.world.cloudWatch.changeLater(ALARM, { atCall: 3 }, { state: "ALARM", reason: "7 calls failed" });
  }

  test("that is rolled back fails the job: which gate, why, and that the release is held", async () => {
    await openWithAlarm();
    const staged = findStaged().length;
    const job = await run(WAVES);

    expect(job).toMatchObject({ exitCode: 1, outputs: { status: "rolled-back", flipped: "3" } });
    expect(job.summary).toContain(
      "### Why\n\nalarm calls\\-that\\-fail is in ALARM\\: 7 calls failed\n\n### Waves\n\n| wave | result |\n| --- | --- |\n| 1 | 3 customers\\, stopped\\, rolled back |\n| 2 | ",
    );
    expect(job.summary).toContain("### Rollback\n\n|  | customers |\n| --- | --- |\n| restored | 3 |");
    expect(job.summary).toContain("The release is held");
    expect(job.summary).toContain('```json\n{"command":"clear-release","release":"2026.11.0"');
    expect(findStaged().length).toBe(staged);
  });

  test("is rolled back by a job that names the rollout, and by a job that names its release", async () => {
    const staged = findStaged().length;
    await run(WAVES);
    expect(findStaged().length).toBe(0);

    const rollBackSource = { ACTION: "rollback", RELEASE: "", TARGETS: "" };
    const job = await run({ ...rollBackSource, ROLLOUT_ID: "in-waves", REASON: "calls drop" });
    expect(job).toMatchObject({ exitCode: 0, outputs: { status: "rolled-back" } });
    expect(job.summary).toContain(
      `**rolled back**\n\n### Rollback\n\n|  | customers |\n| --- | --- |\n| restored | ${staged} |`,
    );
    expect(findStaged().length).toBe(staged);

    expect(await run({ ...rollBackSource, RELEASE: INPUTS.RELEASE, ID: "again" })).toMatchObject({ exitCode: 0 });
  });

  test("of an unknown strategy starts nothing", async () => {
    const job = await run({ STRATEGY: "canary" });
    expect(job.exitCode).toBe(2);
    expect(job.log).toContain("cutover: - strategy: ");
    expect(starts()).toEqual([]);
  });
});

describe("how a job ends", () => {
  const rollback = (failed: number) => ({ restored: 4, conflicting: 0, failed });

  test.each([
    [
      "a rollback with one customer not restored",
      { action: "rollback", status: "rolled-back", rollback: rollback(1) },
      1,
    ],
    ["a rollback that does not say", { action: "rollback", status: "rolled-back" }, 1],
    ["a halted rollout", { action: "promote", status: "halted" }, 1],
    ["a rollout that waits for the lock, in a job that does not wait", { action: "promote", status: "waiting" }, 0],
  ])("%s", async (_what, answer, exitCode) => {
    const job = await run({ ...answerWith(answer), WAIT: String(answer.status !== "waiting") });
    expect(job).toMatchObject({ exitCode, outputs: { "rollout-id": "r-1", status: answer.status } });
  });
});

test("a job that is cancelled leaves the rollout's id, and says that the rollout continues", async () => {
  const job = await run(answerWith({ status: "running" }), { cancelAt: "is running" });
  expect(job).toMatchObject({ exitCode: 1, outputs: { "rollout-id": "r-1", status: "running" } });
  expect(job.dotenv).toContain("CUTOVER_ROLLOUT_ID=r-1\n");
  expect(job.log).toContain("the job was stopped, but rollout r-1 continues");
  expect(job.summary).toContain("rollout r\\-1 continues");
});

test("the log tells waves, bakes, pauses and the decisions of the gates", async () => {
  const plan = { waves: [{ wave: 1 }, { wave: 2 }] };
  const at = (progress: object, flipped: number) => ({ status: "running", plan, progress, counts: { flipped } });
  const paused = [{ message: "ann paused it: a customer complains" }];
  const waves = [
    { wave: 1, decision: "proceed", reasons: [] },
    { wave: 2, decision: "halt", reasons: [{ message: "an alarm goes off" }] },
  ];
  const job = await run(
    answerWith(
      { status: "starting" },
      at({ phase: "flipping", wave: 1 }, 3),
      at({ phase: "baking", wave: 1, bakeLeftSeconds: 1_790 }, 3),
      at({ phase: "baking", wave: 1, bakeLeftSeconds: 900 }, 3),
      at({ phase: "flipping", wave: 2, heldBy: paused }, 3),
      { status: "halted", waves, counts: { flipped: 5 } },
    ),
  );
  expect(job.log.split("\n").slice(0, -1)).toEqual(
    [
      "rollout r-1 is starting",
      "rollout r-1 is running, wave 1 of 2, flipping: 3 flipped",
      "rollout r-1 is running, wave 1 of 2, baking: 3 flipped (30 minutes of the bake are left)",
      "rollout r-1 is running, wave 2 of 2, flipping; held: ann paused it: a customer complains: 3 flipped",
      "rollout r-1 is halted: 5 flipped",
      "wave 1: proceed",
      "wave 2: halt; an alarm goes off",
    ].map((line) => `cutover: ${line}`),
  );
});

test.each([
  [{}, 3_600],
  [{ TIMEOUT_MINUTES: "710" }, 43_200],
  [{ TIMEOUT_MINUTES: "0.5" }, 900],
  [{ TIMEOUT_MINUTES: "300", WAIT: "false" }, 900],
])("the role's credentials live longer than the job waits: %j", async (inputs, seconds) => {
  const job = await run(inputs, { args: ["session"] });
  expect(job).toMatchObject({ exitCode: 0, outputs: { "session-seconds": String(seconds) } });
  expect(starts()).toEqual([]);
});

describe("a rollout that does not succeed fails the job", () => {
  test("when customers failed: the summary names them", async () => {
    const stop = door.world.emulator.onRequest(({ operation }) => {
      if (operation !== "SetCustomerStagingMode") return;
      stop();
      door.world.emulator.setFaults("lost-write");
    });
    const staged = findStaged().length;
    const job = await run();

    expect(job).toMatchObject({ exitCode: 1, outputs: { status: "partial", flipped: "0", failed: String(staged) } });
    const [, failed = ""] = job.summary.split("### Failed");
    expect(failed.split("\n").filter((line) => line.startsWith("- "))).toHaveLength(staged);
  });
});

describe("what starts nothing", () => {
  test("an event that the front door refuses: every problem, a line each", async () => {
    const job = await run({ ACTION: "promot", TARGETS: '{"al":true}' });

    expect(job).toMatchObject({ exitCode: 2, outputs: {}, dotenv: "" });
    expect(job.log).toContain("cutover: the deploy event was refused, nothing was done; 2 problems:\n");
    expect(job.log).toContain("did you mean promote?");
    expect(job.summary).toContain("> the deploy event was refused");
    expect(starts()).toEqual([]);
  });

  test("an event that a control forbids: who ordered it, and what lifts it", async () => {
    await door.send({ command: "hold-release", release: INPUTS.RELEASE, requestedBy: "ann", reason: "calls drop" });
    const job = await run();

    expect(job).toMatchObject({ exitCode: 2, outputs: {} });
    expect(job.log).toContain("cutover: nothing was done: ");
    expect(job.log).toContain("ann");
    expect(job.log).toContain("clear-release");
    expect(starts()).toEqual([]);
  });

  test("inputs that cannot be right: every one is named", async () => {
    const job = await run({
      FUNCTION: "--debug",
      RELEASE: "",
      TARGETS: "{all}",
      DRY_RUN: "yes",
      WAIT: "1",
      TIMEOUT_MINUTES: "-1",
    });
    expect(job).toMatchObject({ exitCode: 2, outputs: {} });
    expect(job.log.split("\n").map((line) => line.replace(/ such as .*/, ""))).toEqual([
      "cutover: nothing was sent, because inputs are wrong:",
      "cutover: - release: it is missing",
      "cutover: - targets: expected JSON,",
      "cutover: - dry-run: expected true or false",
      "cutover: - function: expected the name or the ARN of a Lambda function",
      "cutover: - wait: expected true or false",
      "cutover: - timeout-minutes: expected a number above 0, at most 2880",
      "",
    ]);
    expect((await run({ FUNCTION: "file:///etc/passwd" })).exitCode).toBe(2);
  });

  test("a wait that is longer than credentials live", async () => {
    const job = await run({ TIMEOUT_MINUTES: "711" }, { args: ["session"] });
    expect(job).toMatchObject({ exitCode: 2, outputs: {} });
    expect(job.log).toContain("timeout-minutes: expected a number above 0, at most 710, because the credentials of");
  });

  test.each([
    ["none", { AWS_CLI: "/nowhere/aws" }, {}, "there is no `aws` on the PATH"],
    ["version 1", {}, { cliVersion: "aws-cli/1.44.2 Python/3.12.3" }, "`aws` is version 1.44.2"],
  ])("an AWS CLI that is missing or too old: %s", async (_which, inputs, options, what) => {
    const job = await run(inputs, options);
    expect(job.exitCode).toBe(2);
    expect(job.log).toBe(`cutover: nothing was sent, because this script needs the AWS CLI v2: ${what}\n`);
    expect(starts()).toEqual([]);
  });

  test("a member that occurs twice in a target or an exclusion", async () => {
    const job = await run({
      TARGETS: '[{"tags":["\\"a\\":1"]},{"tags":["b"],"t\\u0061gs":["c"]}]',
      EXCLUDE: '{"tags":["vip"],"tags":["zzz"]}',
    });
    expect(job.exitCode).toBe(2);
    expect(job.log).toContain('cutover: - exclude: "tags" comes twice in one object; expected it once');
    expect(job.log).toMatch(/- targets: "t\\u0061gs" comes twice/);
    expect(starts()).toEqual([]);
    const once = await run({ EXCLUDE: '[{"tags":["vip","vip"]},{"tags":["tags"]}]', DRY_RUN: "true", WAIT: "false" });
    expect(once.exitCode).toBe(0);
    expect(starts()).toHaveLength(1);
  });
});

test("Lambda that cannot be reached for a moment does not end the waiting", async () => {
  const first = await run({ WAIT: "false", ID: "release-4" });
  expect(first.exitCode).toBe(0);
  let calls = 0;
  door.world.executions.serve(`${START}-2`, {
    kind: "plain",
    aliases: ["start", "read"],
    async handler(event) {
      calls += 1;
      if (calls === 2 || calls === 3) throw new Error("a bad moment");
      return door.send(event);
    },
  });
  expect(await run({ FUNCTION: `${START}-2`, ID: "release-4" })).toMatchObject({
    exitCode: 0,
    outputs: { status: "succeeded" },
  });
  expect(calls).toBeGreaterThanOrEqual(4);
});

test("inputs and names are data for the shell, the event, the summary, the outputs and the log", async () => {
  const reason =
    '"}, "targets": {"all": true}; $(touch pwned) `touch pwned` | <img src=x> [a](javascript:b) ##[error]x';
  const job = await run({ REASON: reason, DRY_RUN: "true", ID: "release-5" });
  expect(job).toMatchObject({ exitCode: 0 });
  expect(starts()).toEqual([
    expect.objectContaining({ reason, targets: [{ all: true }], release: INPUTS.RELEASE, dryRun: true }),
  ]);
  expect(job.summary).toContain(
    "\\; \\$\\(touch pwned\\) \\`touch pwned\\` \\| \\<img src\\=x\\> \\[a\\]\\(javascript\\:b\\)",
  );

  door.world.executions.serve(`${START}-2`, {
    kind: "plain",
    aliases: ["start", "read"],
    handler: async () => ({
      rolloutId: "r-1",
      status: "failed",
      problems: [{ message: "first\n::set-env name=PATH::/tmp\n##[add-path]/tmp\u001b[2J" }],
      counts: { flipped: "1\nstatus=succeeded", failed: 1 },
    }),
  });
  const told = await run({ FUNCTION: `${START}-2` });
  expect(told).toMatchObject({ exitCode: 1, outputs: { "rollout-id": "r-1", status: "failed", failed: "1" } });
  expect(Object.keys(told.outputs)).not.toContain("flipped");
  expect(told.log).not.toMatch(/^\s*::|##\[/m);
  expect(told.log).not.toContain("\u001b");
  expect(told.summary).toContain("> \\:\\:set\\-env name\\=PATH\\:\\:\\/tmp");
});
