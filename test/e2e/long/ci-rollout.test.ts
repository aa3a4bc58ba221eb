import { FRONT_DOOR_ARN, type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { INPUTS, runHere, runProgram } from "../ci/run-job.ts";

const CUSTOMERS = 30;
const ALARM = "calls-that-fail";
const OTHER_ARN = `${FRONT_DOOR_ARN}-2`;
const SESSION = ["ci", "--session"];
/** What every report has. */
const REPORT = { exceptions: [], moreExceptions: 0, startedAt: "2026-11-28T20:00:00Z", durationMs: 1_000 };

let door: FrontDoor;

async function open(): Promise<void> {
  const policy = { alarms: [ALARM], failureBudget: "100%", retries: { attempts: 2, mostBackoffMs: 5 } };
  door = await openFrontDoor({ customers: CUSTOMERS, policy });
  door.world.cloudWatch.setAlarm(ALARM, { state: "OK" });
}

type Inputs = Readonly<Record<string, string>>;
const run = (inputs: Inputs = {}, words?: readonly string[]) => runHere(door.world.environment, inputs, words);
const runAsProcess = (inputs: Inputs, options?: Parameters<typeof runProgram>[2]) =>
  runProgram(door.world.environment, inputs, options);

/** Answers the job in the place of the front door; the last answer again and again. */
function answerWith(...answers: readonly object[]) {
  let calls = 0;
  const handler = async () => ({
    rolloutId: "r-1",
    action: "promote",
    ...answers[Math.min(calls++, answers.length - 1)],
  });
  door.world.executions.serve(OTHER_ARN, { kind: "plain", handler, aliases: ["start", "read"] });
  return { FUNCTION: OTHER_ARN };
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
describe("a job and its rollout", () => {
  beforeEach(open);
  afterEach(() => door.close());

  test("flips every customer, waits and writes the report; the same id joins the rollout", async () => {
    const staged = findStaged().length;
    const job = await runAsProcess({ ID: "release-1", REQUESTED_BY: "octocat", REASON: "it is time" });

    expect(job).toMatchObject({ exitCode: 0 });
    const plan = expect.stringMatching(/^[\da-f]{64}$/);
    const [flipped, failed] = [String(staged), "0"];
    expect(job.outputs).toEqual({ "rollout-id": "release-1", status: "succeeded", plan, flipped, failed });
    expect(job.dotenv).toEqual({
      CUTOVER_OUTPUT_ROLLOUT_ID: "release-1",
      CUTOVER_OUTPUT_STATUS: "succeeded",
      CUTOVER_OUTPUT_PLAN: plan,
      CUTOVER_OUTPUT_FLIPPED: flipped,
      CUTOVER_OUTPUT_FAILED: failed,
    });
    expect(job.log).toMatch(/^started rollout release-1\n/);
    expect(job.log).toContain("\npromote 2026.11.0   succeeded\n");
    expect(job.summary).toContain("## Cutover: promote 2026\\.11\\.0\n");
    expect(job.summary).toContain(`| flipped | ${staged} |`);
    expect(job.summary).toContain(
      "| asked by | octocat\\, as the sender says |\n| came by | the alias start of the front door |\n",
    );
    expect(job.summary).toContain(`| plan | ${staged} to flip\\, hash `);
    expect(findStaged().length).toBe(0);

    const again = await run({ ID: "release-1", REQUESTED_BY: "another" });
    expect(again).toMatchObject({ exitCode: 0, outputs: job.outputs });
    expect(again.summary).toContain("**succeeded \\(sent before\\)**");
    expect(again.log).toContain("the same event was sent before: rollout release-1 is succeeded\n");
    expect(starts()).toHaveLength(1);
  });

  describe("a rollout in waves", () => {
    const WAVES = { STRATEGY: '{"waves":[{"customers":3},{"rest":true}]}', ID: "in-waves" };

    test("that is rolled back fails the job: which gate, why, and that the release is held", async () => {
      // At its third look, after the first wave.
      door.world.cloudWatch.changeLater(ALARM, { atCall: 3 }, { state: "ALARM", reason: "7 calls failed" });
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
  });

  test("customers that failed fail the job, and the summary names them", async () => {
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

  test("Lambda that cannot be reached for a moment does not end the waiting", async () => {
    const first = await run({ WAIT: "false", ID: "release-4" });
    expect(first.exitCode).toBe(0);
    await door.world.executions.settled();
    let calls = 0;
    door.world.executions.serve(OTHER_ARN, {
      kind: "plain",
      aliases: ["start", "read"],
      async handler(event) {
        calls += 1;
        if (calls === 2 || calls === 3) throw new Error("a bad moment");
        return door.send(event);
      },
    });
    expect(await run({ FUNCTION: OTHER_ARN, ID: "release-4" })).toMatchObject({
      exitCode: 0,
      outputs: { status: "succeeded" },
    });
    expect(calls).toBeGreaterThanOrEqual(4);
  });

  test("inputs and names are data for the shell, the event, the summary, the outputs and the log", async () => {
    const reason =
      '"}, "targets": {"all": true}; $(touch pwned) `touch pwned` | <img src=x> [a](javascript:b) ##[error]x';
    const job = await runAsProcess({ REASON: reason, DRY_RUN: "true", ID: "release-5" });
    expect(job).toMatchObject({ exitCode: 0 });
    expect(starts()).toEqual([
      expect.objectContaining({ reason, targets: [{ all: true }], release: INPUTS.RELEASE, dryRun: true }),
    ]);
    expect(job.summary).toContain(
      "\\; \\$\\(touch pwned\\) \\`touch pwned\\` \\| \\<img src\\=x\\> \\[a\\]\\(javascript\\:b\\)",
    );

    door.world.executions.serve(OTHER_ARN, {
      kind: "plain",
      aliases: ["start", "read"],
      handler: async () => ({
        ...REPORT,
        rolloutId: "r-1",
        action: "promote",
        status: "failed",
        problems: [{ message: "first\n::set-env name=PATH::/tmp\n##[add-path]/tmp\u001b[2J" }],
        counts: { flipped: "1\nstatus=succeeded", unchanged: 0, deferred: 0, skipped: 0, failed: 1 },
      }),
    });
    const told = await run({ FUNCTION: OTHER_ARN });
    expect(told).toMatchObject({ exitCode: 1, outputs: { "rollout-id": "r-1", status: "failed", failed: "1" } });
    expect(Object.keys(told.outputs)).not.toContain("flipped");
    expect(told.log).not.toMatch(/^\s*::|##\[/m);
    expect(told.log).not.toContain("\u001b");
    expect(told.summary).toContain("\\:\\:set\\-env name\\=PATH\\:\\:\\/tmp");
  });
});

describe("a job that flips no customer", () => {
  beforeAll(open);
  afterAll(() => door.close());

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
    const job = await runAsProcess(answerWith({ status: "running" }), { cancelAt: "running" });
    expect(job).toMatchObject({ exitCode: 130, outputs: { "rollout-id": "r-1", status: "running" } });
    expect(job.dotenv).toMatchObject({ CUTOVER_OUTPUT_ROLLOUT_ID: "r-1" });
    expect(job.log).toContain("the watching ended, and rollout r-1 continues");
    expect(job.summary).toContain("rollout r\\-1 continues");
  });

  test("a job that has waited its minutes ends with 1, and says that the rollout continues", async () => {
    const job = await run({ ...answerWith({ status: "running" }), TIMEOUT_MINUTES: "0.02" });
    expect(job).toMatchObject({ exitCode: 1, outputs: { "rollout-id": "r-1" } });
    expect(job.log).toContain("it did not end within 0.02 minutes\nthe end of rollout r-1 is not known; it continues");
  });

  test("the answer of another function is no rollout", async () => {
    door.world.executions.serve(OTHER_ARN, { kind: "plain", handler: async () => null, aliases: ["start"] });
    const job = await run({ FUNCTION: OTHER_ARN });
    expect(job).toMatchObject({ exitCode: 1, outputs: {}, log: expect.stringContaining("FrontDoorFunctionName") });
  });

  test("the log tells waves, bakes, pauses, and at the end the report", async () => {
    const waves = [1, 2].map((wave) => ({ wave, customers: 3, bakeSeconds: 60 }));
    const plan = { waves, hash: "9bed8e4e9dba5d39", flip: 6 };
    const at = (progress: object, flipped: number) => {
      const counts = { flipped, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };
      return { ...REPORT, status: "running", plan, progress: { heldBy: [], noted: [], ...progress }, counts };
    };
    const paused = [{ message: "ann paused it: a customer complains" }];
    const results = [
      { ...waves[0], decision: "proceed", reasons: [] },
      { ...waves[1], decision: "halt", reasons: [{ message: "an alarm goes off" }] },
    ];
    const job = await run(
      answerWith(
        { status: "starting" },
        at({ phase: "flipping", wave: 1 }, 3),
        at({ phase: "baking", wave: 1, bakeLeftSeconds: 59 }, 3),
        at({ phase: "baking", wave: 1, bakeLeftSeconds: 30 }, 3),
        at({ phase: "flipping", wave: 2, heldBy: paused }, 3),
        { ...at({}, 5), status: "halted", progress: undefined, waves: results },
      ),
    );
    expect(job.log).toMatch(
      /^started rollout r-1\nrunning, wave 1 of 2, flipping; 3 flipped\nrunning, wave 1 of 2, baking; 3 flipped\nrunning, wave 2 of 2, flipping; 3 flipped; held: ann paused it: a customer complains\npromote {3}halted\n/,
    );
    expect(job.log).toContain(
      "\n  1  3 customers, baked 1 min, proceeded\n  2  3 customers, stopped, halted\n     an alarm goes off\n",
    );
  });

  test.each([
    [{}, 3_600],
    [{ TIMEOUT_MINUTES: "710" }, 43_200],
    [{ TIMEOUT_MINUTES: "0.5" }, 900],
    [{ TIMEOUT_MINUTES: "300", WAIT: "false" }, 900],
  ])("the role's credentials live longer than the job waits: %j", async (inputs, seconds) => {
    const job = await run(inputs, SESSION);
    expect(job).toMatchObject({ exitCode: 0, outputs: { "session-seconds": String(seconds) } });
    expect(starts()).toEqual([]);
  });

  describe("what starts nothing", () => {
    test("an event that the front door refuses: every problem, a line each", async () => {
      const job = await run({ ACTION: "promot", TARGETS: '{"al":true}' });

      expect(job).toMatchObject({ exitCode: 2, outputs: {}, dotenv: {} });
      expect(job.log).toContain("cutover: the deploy event was refused, nothing was done; 2 problems:\n");
      expect(job.log).toContain("did you mean promote?");
      expect(job.summary).toContain("> the deploy event was refused");
      expect(starts()).toEqual([]);
    });

    test("an unknown strategy", async () => {
      const job = await run({ STRATEGY: "canary" });
      expect(job.exitCode).toBe(2);
      expect(job.log).toContain("\n  - strategy: ");
      expect(starts()).toEqual([]);
    });

    test("inputs that cannot be right: every one is named", async () => {
      const wrong = { TARGETS: "{all}", DRY_RUN: "yes", WAIT: "1", TIMEOUT_MINUTES: "-1" };
      const job = await run({ ...wrong, EXCLUDE: '{"tags":["vip"],"tags":["zzz"]}' });
      expect(job).toMatchObject({ exitCode: 2, outputs: {} });
      expect(job.log.split("\n").map((line) => line.replace(/JSON: .*/, "JSON"))).toEqual([
        "cutover: nothing was sent, because inputs are wrong:",
        "- targets: it is not JSON",
        "- exclude: tags: got this member twice; expected it once, because JSON.parse ignores all but the last",
        "- dry-run: expected true or false",
        "- wait: expected true or false",
        "- timeout-minutes: expected a number above 0, at most 2880",
        "",
      ]);
      expect(starts()).toEqual([]);
    });

    test("a wait that is longer than credentials live", async () => {
      const job = await run({ TIMEOUT_MINUTES: "711" }, SESSION);
      expect(job).toMatchObject({ exitCode: 2, outputs: {} });
      expect(job.log).toContain(
        "timeout-minutes: expected at most 710, because the credentials of role-to-assume live at most 12 hours",
      );
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
  });
});
