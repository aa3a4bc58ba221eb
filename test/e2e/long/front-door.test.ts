import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { FlipEvent, fingerprintOf } from "../../../lambda/contract/deploy-event.ts";
import { NO_COUNTS } from "../../../lambda/core/flip/outcome.ts";
import type { Report } from "../../../lambda/core/report/report.ts";
import type { RolloutRecord } from "../../../lambda/core/rollout-record.ts";
import type { ProtectedCustomer } from "../../../lambda/front-door/look-up-protected.ts";
import type { AdvisedReport } from "../../../lambda/front-door/read-status.ts";
import { type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { openLedger } from "../../support/ledger.ts";
import { toArn } from "../../support/run-handler.ts";
import { anEvent } from "../../unit/lambda/contract/an-event.ts";
import { ARTIFACT_CREDENTIALS, aPipelineJob, aPipelineStateChange } from "../../unit/lambda/triggers/aws-samples.ts";

let door: FrontDoor;

beforeEach(async () => {
  door = await openFrontDoor({ customers: 40 });
});

afterEach(async () => {
  const everything = door.everything();
  await door.close();
  for (const secret of Object.values(ARTIFACT_CREDENTIALS)) expect(everything).not.toContain(secret);
});

/** What the worker was started with, in order. */
function starts() {
  return door.world.executions
    .invocations()
    .filter(({ functionArn }) => functionArn === WORKER_ARN)
    .map(({ name, payload, type }) => ({ name, type, event: JSON.parse(payload) }));
}

/** Lets a rollout of an event hold the environment's lock. */
async function holdLock(rolloutId: string, event: unknown, isRunning = true) {
  const execution = toArn(rolloutId);
  if (isRunning) door.world.executions.running(execution);
  const fingerprint = fingerprintOf(FlipEvent.parse(event));
  const lock = { rolloutId, execution, fingerprint, fence: 1, settleSeconds: 6 };
  expect(await openLedger(door.world).takeLock(lock, { fence: 0 })).toBe(true);
  return execution;
}

/** The report of a rollout with the id `night`, of which little happened. */
function aReport({ action, release, dryRun }: FlipEvent): Report {
  const startedAt = new Date().toISOString();
  return {
    rolloutId: "night",
    action,
    release,
    dryRun,
    status: "succeeded",
    counts: NO_COUNTS,
    exceptions: [],
    moreExceptions: 0,
    startedAt,
    durationMs: 1,
  };
}

function expectFlippedOnce() {
  const targets = [...door.world.emulator.customers()].filter(
    ({ accountId }) => accountId === door.world.emulator.accountId,
  );
  expect(targets.every(({ isStaging, writes }) => !isStaging && writes <= 1)).toBe(true);
  return targets.filter(({ writes }) => writes === 1).length;
}

describe("a deploy event", () => {
  test("is started at once under a name of its own, once, and the way leads to the report", async () => {
    const answer = await door.send(anEvent());
    expect(answer).toEqual({
      rolloutId: expect.stringMatching(/^promote-[0-9a-f]{12}$/),
      status: "starting",
      execution: expect.stringContaining(`:function:cutover:1/durable-execution/${answer.rolloutId}/`),
    });
    const event = { ...FlipEvent.parse(anEvent()), via: { qualifier: "$LATEST" } };
    expect(starts()).toEqual([{ name: answer.rolloutId, type: "Event", event }]);
    await door.world.executions.settled();
    const status = await door.send({ command: "status", rolloutId: answer.rolloutId, execution: answer.execution });
    expect(status).toMatchObject({ rolloutId: answer.rolloutId, status: "succeeded" });
    expect(expectFlippedOnce()).toBe(status.counts?.flipped);

    // The same event, also from another sender and too late.
    const id = answer.rolloutId;
    const again = anEvent({ id, requestedBy: "bob", notAfter: "2020-01-01T00:00:00Z" });
    expect(await door.send(again)).toMatchObject({ rolloutId: id, status: "succeeded", joined: true });
    expect(starts()).toHaveLength(1);
    const other = await door.sendRefused(anEvent({ id, action: "stage" }));
    expect(other.errorMessage).toBe(
      `nothing was done: the id ${id} belongs to a different event; ask for its status, or send this event with a new id`,
    );
  });

  test("whose id Lambda knows with another payload is refused before the ledger knows the id", async () => {
    const begin = Promise.withResolvers<never>();
    door.world.executions.serve(WORKER_ARN, { kind: "durable", handler: () => begin.promise });
    await door.send(anEvent({ id: "night" }));
    const { errorMessage } = await door.sendRefused(anEvent({ id: "night", reason: "another" }));
    begin.reject(new Error("the worker ended"));
    expect(errorMessage).toMatch(
      /^nothing was done: the id night belongs to a different event, which may differ only in requestedBy/,
    );
  });

  test("without an id joins a running rollout of an equal event, in whatever order it is written", async () => {
    const execution = await holdLock(
      "night",
      anEvent({ targets: [{ tags: ["a", "b"], match: "any" }, { customerIds: ["1"] }] }),
    );
    const equal = anEvent({
      targets: [{ customerIds: ["1"] }, { tags: ["b", "a"], match: "any" }],
      requestedBy: "bob",
    });
    expect(await door.send(equal)).toEqual({ rolloutId: "night", status: "running", joined: true, execution });
    expect(starts()).toEqual([]);
  });

  test("that was refused says how to send it again, and that starts it", async () => {
    const refused = { id: "noon", targets: { customerIds: ["no-such-customer"] }, requestedBy: "ann" };
    const { rolloutId } = await door.send(anEvent(refused));
    await door.world.executions.settled();
    const answer = await door.send({ command: "status", rolloutId });
    expect(answer).toMatchObject({ rolloutId: "noon", status: "refused", problems: [{ code: "unknown-customers" }] });
    const [advice] = (answer as unknown as AdvisedReport).next ?? [];
    expect(advice?.send).toEqual(FlipEvent.parse(anEvent(refused)));

    expect(await door.send({ ...advice?.send, targets: { all: true } })).toMatchObject({ status: "starting" });
    await door.world.executions.settled();
    expect(expectFlippedOnce()).toBeGreaterThan(0);
  });

  test("that comes too late is refused before anything is started", async () => {
    const { errorMessage } = await door.sendRefused(anEvent({ notAfter: "2020-01-01T00:00:00Z" }));
    expect(errorMessage).toMatch(/it is later than the event's notAfter, 2020-01-01 00:00:00 UTC; send a new event/);
    expect(starts()).toEqual([]);
  });

  test("with mistakes is refused with all of them, one a line where the console shows a stack", async () => {
    const refused = await door.sendRefused({ action: "promot", release: "", targets: { cohort: "vip" }, excludes: [] });
    expect(refused.errorType).toBe("BadDeployEventError");
    expect(refused.trace).toEqual(refused.errorMessage.split("\n"));
    expect(refused.trace[0]).toBe("the deploy event was refused, nothing was done; 4 problems:");
    expect(refused.trace).toHaveLength(5);
    expect(starts()).toEqual([]);
    expect(await door.world.readLedger()).toEqual([]);
  });

  test("meets a throttle that lasts with an error, so that its sender tries again", async () => {
    door.world.executions.failNext(WORKER_ARN, 10, "TooManyRequestsException");
    expect(await door.sendRefused(anEvent())).toMatchObject({ errorType: "TooManyRequestsException" });
  });
});

describe("EventBridge", () => {
  test("that tells of a pipeline's state starts nothing", async () => {
    expect(await door.send(aPipelineStateChange("Pipeline"))).toMatchObject({ status: "ignored" });
    expect(starts()).toEqual([]);
  });
});

describe("CodePipeline", () => {
  const job = (parameters: unknown, continuationToken?: string) =>
    aPipelineJob(parameters, { id: door.pipeline.openJob(), ...(continuationToken && { continuationToken }) });

  test("is told to ask again until the rollout has ended, then gets its counts", async () => {
    const parameters = anEvent({ id: "12345678-1234-5678-abcd-12345678abcd" });
    expect(await door.send(job(parameters))).toEqual({ rolloutId: parameters.id, status: "starting" });
    await door.world.executions.settled();
    const [first] = door.pipeline.answers();
    expect(first).toMatchObject({
      action: "PutJobSuccessResult",
      executionDetails: { externalExecutionId: parameters.id },
    });

    expect(await door.send(job(parameters, first?.continuationToken))).toMatchObject({ status: "succeeded" });
    const last = door.pipeline.answers().at(-1);
    expect(last).toMatchObject({
      action: "PutJobSuccessResult",
      outputVariables: { rolloutId: parameters.id, status: "succeeded", flipped: String(expectFlippedOnce()) },
    });
    expect(last).not.toHaveProperty("continuationToken");
    expect(starts()).toHaveLength(1);
  });

  test("fails with the refusal of its event, and the invocation succeeds", async () => {
    expect(await door.send(job(anEvent({ targets: { cohort: "unknown" } })))).toMatchObject({ status: "refused" });
    expect(door.pipeline.answers()).toMatchObject([
      {
        action: "PutJobFailureResult",
        failureDetails: {
          type: "ConfigurationError",
          message: expect.stringMatching(/expected a cohort of the policy/),
        },
      },
    ]);
    expect(starts()).toEqual([]);
  });

  test.each([
    ["succeeded", "PutJobSuccessResult"],
    ["failed", "PutJobFailureResult"],
  ] as const)("is told of a rollout that is %s by %s", async (status, action) => {
    const event = FlipEvent.parse(anEvent({ id: "night" }));
    const ledger = openLedger(door.world);
    const startedAtMs = Date.now();
    const [execution, fingerprint] = [toArn("night"), fingerprintOf(event)];
    await ledger.createRollout({ rolloutId: "night", fingerprint, execution, event, startedAtMs, status: "running" });
    const counts = { flipped: 2, unchanged: 0, deferred: 0, skipped: 0, failed: 1 };
    await ledger.endRollout("night", { ...aReport(event), status, counts });

    expect(await door.send(job(event))).toEqual({ rolloutId: "night", status });
    const [answer] = door.pipeline.answers();
    expect(answer?.action).toBe(action);
    const asked = { command: "status", rolloutId: "night", format: "plain" };
    const { text } = (await door.send(asked)) as { readonly text?: string };
    expect(answer?.failureDetails?.message ?? answer?.executionDetails?.summary).toBe(text);
    expect(text).toMatch(/\nrollout +night\n/);
  });
});

describe("the command protect", () => {
  const ann = { requestedBy: "ann", reason: "a VIP" };
  const ours = () =>
    [...door.world.emulator.customers()].filter(({ accountId }) => accountId === door.world.emulator.accountId);

  test("looks customers up by id in any case and by reference id, names them, and protects them", async () => {
    const [first, second] = ours();
    const names = { customerIds: [first?.id.toUpperCase()], referenceIds: [second?.referenceId] };
    const answer = await door.send({ command: "protect", ...names, ...ann });
    const ids = [first?.id, second?.id].sort();
    expect(answer).toMatchObject({ protectedIds: expect.arrayContaining(ids) });
    const { protectedNow } = answer as unknown as { readonly protectedNow: readonly ProtectedCustomer[] };
    expect(protectedNow.map(({ customerId }) => customerId).sort()).toEqual(ids);
    for (const { customerId, name } of protectedNow) expect(name).toBe(door.world.emulator.customer(customerId)?.name);

    await door.send(anEvent({ id: "night" }));
    await door.world.executions.settled();
    const { exceptions } = (await door.send({ command: "status", rolloutId: "night" })) as unknown as Report;
    const skipped = exceptions.filter(({ reason }) => reason.code === "protected-by-control");
    expect(skipped.map(({ customerId }) => customerId).sort()).toEqual(ids);
  });

  test("is refused for what is no customer of the policy's accounts, and protects none", async () => {
    const [first] = ours();
    const stranger = [...door.world.emulator.customers()].find(({ accountId }) => accountId !== first?.accountId);
    for (const name of [first?.referenceId, `${first?.id.slice(1)}0`, stranger?.id]) {
      const { errorMessage } = await door.sendRefused({ command: "protect", customerIds: [first?.id, name], ...ann });
      expect(errorMessage).toContain("no customer was protected: not a customer that can be protected");
      expect(errorMessage).toContain(`${name}`.toLowerCase());
    }
    expect(await door.send({ command: "controls" })).toMatchObject({ protectedIds: [], changes: [] });
  });
});

describe("the command status", () => {
  test("of a rollout whose worker failed before it began says why", async () => {
    door.world.executions.serve(WORKER_ARN, {
      kind: "durable",
      handler: withDurableExecution(() => Promise.reject(new Error("the policy file is missing"))),
    });
    const { rolloutId, execution } = await door.send(anEvent());
    await door.world.executions.settled();
    expect(await door.send({ command: "status", rolloutId, execution })).toEqual({
      rolloutId,
      status: "failed",
      problems: [
        { code: "execution-failed", detail: "the policy file is missing", message: "the policy file is missing" },
      ],
    });
  });

  test("of an event that joined an equal rollout at the last moment is that rollout's", async () => {
    const event = FlipEvent.parse(anEvent({ id: "night" }));
    const [execution, fingerprint] = [toArn("night"), fingerprintOf(event)];
    const record = { rolloutId: "night", fingerprint, execution, event, startedAtMs: Date.now(), status: "running" };
    await openLedger(door.world).createRollout(record as RolloutRecord);
    const joining = withDurableExecution(async () => ({ ...aReport(event), status: "running", joined: true }));
    door.world.executions.serve(WORKER_ARN, { kind: "durable", handler: joining });
    const answer = await door.send(anEvent());
    await door.world.executions.settled();

    await openLedger(door.world).endRollout("night", aReport(event));
    const asked = { command: "status", rolloutId: answer.rolloutId, execution: answer.execution };
    expect(await door.send(asked)).toMatchObject({ rolloutId: "night", status: "succeeded" });
  });

  test("of an execution that Lambda has forgotten is refused in a sentence", async () => {
    const { errorMessage } = await door.sendRefused({
      command: "status",
      rolloutId: "night",
      execution: toArn("night"),
    });
    expect(errorMessage).toMatch(/^no rollout night is known: /);
  });

  test.each([
    ["runs is the report so far", true, { status: "running", problems: undefined }],
    [
      "died is a failure, though the ledger does not say so",
      false,
      { status: "failed", problems: [{ code: "abandoned" }] },
    ],
  ])("of a rollout that %s", async (_what, isRunning, expected) => {
    const execution = toArn("night");
    if (isRunning) door.world.executions.running(execution);
    const ledger = openLedger(door.world);
    const event = FlipEvent.parse(anEvent({ id: "night", reason: "release" }));
    const startedAtMs = Date.now() - 5_000;
    const fingerprint = fingerprintOf(event);
    await ledger.createRollout({ rolloutId: "night", fingerprint, execution, event, startedAtMs, status: "running" });
    const outcome = (customerId: string, kind: "flipped" | "failed" | "skipped") => ({
      customerId,
      name: customerId,
      outcome: kind,
      reason: { code: "already-there" } as const,
    });
    await ledger.putSettled("night", 0, [outcome("c-1", "skipped")]);
    await ledger.putBatch("night", 0, [
      { id: "c-2", name: "c-2" },
      { id: "c-3", name: "c-3" },
    ]);
    const batch = await ledger.getBatch("night", 0);
    await ledger.recordBatch({ ...batch, outcomes: [outcome("c-2", "flipped"), outcome("c-3", "failed")] });

    const answer = await door.send({ command: "status", rolloutId: "night" });
    expect(answer).toMatchObject({
      rolloutId: "night",
      action: "promote",
      reason: "release",
      status: expected.status,
      ...(expected.status === "running" && { progress: { phase: "preparing", heldBy: [], noted: [] } }),
      ...(expected.problems && { problems: expected.problems }),
      counts: { flipped: 1, failed: 1, skipped: 1, unchanged: 0 },
      // The failed customer first.
      exceptions: [{ customerId: "c-3" }, { customerId: "c-1" }],
      moreExceptions: 0,
    });
  });
});
