import { parsePolicy } from "../../../../lambda/config.ts";
import { acceptDeployEvent } from "../../../../lambda/contract/accept-deploy-event.ts";
import { RefusedError } from "../../../../lambda/contract/refused-error.ts";
import { EVENT_DETAIL_TYPE, EVENT_SOURCE } from "../../../../lambda/core/report/rollout-event.ts";
import { readPipelineRequest } from "../../../../lambda/triggers/code-pipeline.ts";
import { mapPipelineState } from "../../../../lambda/triggers/map-pipeline-state.ts";
import { parseTrigger } from "../../../../lambda/triggers/parse-trigger.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { anEvent, aPolicy } from "../contract/an-event.ts";
import {
  ARTIFACT_CREDENTIALS,
  aBridgedEvent,
  aPipelineJob,
  aPipelineStateChange,
  aScheduledEvent,
} from "./aws-samples.ts";

/** The message of a refusal, which is its stack too: the console shows the stack. */
function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    const { message, stack } = error as RefusedError;
    expect(stack).toBe(message);
    return message;
  }
  throw new Error("it was accepted");
}

/** Reads an input that must be of this kind. */
function readAs<Kind extends ReturnType<typeof parseTrigger>["kind"]>(kind: Kind, input: unknown) {
  const arrival = parseTrigger(input);
  if (arrival.kind !== kind) throw new Error(`it is a ${arrival.kind}`);
  return arrival as Extract<typeof arrival, { kind: Kind }>;
}

const inputOf = (event: unknown): Readonly<Record<string, unknown>> => readAs("deploy event", event).input;
const requestOf = (job: unknown) => readPipelineRequest(readAs("pipeline job", job).job);

describe("an input", () => {
  const event = anEvent();

  test.each([
    ["a bare event", event, "deploy event"],
    ["a bare event with a typing error in its action", { acton: "promote", release: "1", targets: {} }, "deploy event"],
    ["a custom event of EventBridge", aBridgedEvent(event), "deploy event"],
    ["a schedule's event", aScheduledEvent(event), "deploy event"],
    ["a pipeline's state", aPipelineStateChange("Pipeline"), "pipeline state change"],
    ["a stage's state", aPipelineStateChange("Stage"), "pipeline state change"],
    ["an action's state", aPipelineStateChange("Action"), "pipeline state change"],
    ["a pipeline's job", aPipelineJob(event), "pipeline job"],
    ["a pipeline's job, continued", aPipelineJob(event, { continuationToken: "{}" }), "pipeline job"],
    ["a command", { command: "status", rolloutId: "night" }, "command"],
    ["a widget of a dashboard", { widgetContext: { theme: "light" } }, "widget"],
    ["a button of a widget", { command: "abort", rolloutId: "night", widgetContext: {} }, "widget"],
    ["a dashboard that asks what its widget is", { describe: true }, "widget"],
  ])("%s is recognised", (_what, input, kind) => {
    expect(parseTrigger(input).kind).toBe(kind);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "promote"],
    ["a number", 7],
    ["a list", [anEvent()]],
    ["the console's own template", { key1: "value1", key2: "value2", key3: "value3" }],
    ["an SQS message", { Records: [{ body: JSON.stringify(anEvent()) }] }],
  ])("%s is refused with an example of an event and a command", (_what, input) => {
    const refusal = refusalOf(() => parseTrigger(input));
    expect(refusal).toMatch(
      /^nothing was done: got [^\n]*, which is neither a deploy event such as [^\n]* nor a command/,
    );
    expect(refusal).not.toMatch(/value1|Records.*body/);
    const [, shown = ""] = /deploy event such as (\{.*?\}) nor/.exec(refusal) ?? [];
    expect(parseTrigger(JSON.parse(shown)).kind).toBe("deploy event");
  });
});

describe("an event of EventBridge", () => {
  test("has EventBridge's id, so that an event that is delivered twice is one rollout", () => {
    expect(inputOf(aBridgedEvent(anEvent()))).toEqual({ ...anEvent(), id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718" });
  });

  test.each([
    ["another type", { "detail-type": "Scheduled Event", source: "aws.events" }],
    ["a change of a rollout", { "detail-type": EVENT_DETAIL_TYPE, source: EVENT_SOURCE }],
    ["our type under the name of AWS", { source: "aws.events" }],
    ["an unknown event of CodePipeline", { source: "aws.codepipeline", "detail-type": "CodePipeline Action" }],
  ])("%s is refused with any detail", (_what, changes) => {
    expect(refusalOf(() => parseTrigger(aBridgedEvent(anEvent(), changes)))).toMatch(
      /detail-type is not "Cutover Deploy Event"/,
    );
  });

  test("without a detail is refused with its problem", () => {
    expect(refusalOf(() => parseTrigger(aBridgedEvent("promote")))).toMatch(/\n {2}- detail: got "promote"; expected/);
  });

  test("of a pipeline has the pipeline, the execution and the state", () => {
    expect(parseTrigger(aPipelineStateChange("Action"))).toEqual({
      kind: "pipeline state change",
      change: {
        level: "action",
        pipeline: "myPipeline",
        executionId: "12345678-1234-5678-abcd-12345678abcd",
        state: "SUCCEEDED",
        happenedAtMs: Date.parse("2020-01-24T22:03:44Z"),
        stage: "Prod",
        action: "myAction",
      },
    });
  });
});

describe("a schedule's event", () => {
  const read = (event: unknown, times = {}) => inputOf(aScheduledEvent(event, times));

  test("has a readable id, equal for every attempt and different for another time", () => {
    const first = read(anEvent());
    expect(first.id).toMatch(/^nightly-promote-20261123T020000Z-[0-9a-f]{10}$/);
    expect(read(anEvent())).toEqual(first);
    expect(read(anEvent(), { scheduledTime: "2026-11-24T02:00:00Z" }).id).not.toBe(first.id);
  });

  test("can wait for the lock, because it always has a notAfter", () => {
    const order = { onBusy: "wait", strategy: "canary-10-percent-30-minutes", onFailure: "halt" };
    const event = acceptDeployEvent(read(anEvent(order)), parsePolicy(aPolicy()));
    expect(event).toMatchObject({ ...order, notAfter: "2026-11-23T02:30:00.000Z" });
  });

  test.each([
    ["follows from the scheduled time", undefined, "2026-11-23T02:30:00.000Z"],
    ["is never widened", "2026-11-23T02:10:00Z", "2026-11-23T02:10:00Z"],
    ["is narrowed", "2027-01-01T00:00:00Z", "2026-11-23T02:30:00.000Z"],
    ["is left to be refused when it is no time", "soon", "soon"],
  ])("its notAfter %s", (_what, notAfter, expected) => {
    expect(read(anEvent({ notAfter })).notAfter).toBe(expected);
  });

  test("is refused with every problem of its envelope at once", () => {
    const schedule = { arn: "nightly", scheduledTime: "<aws.scheduler.scheduled-time>", maxAgeMinutes: 0 };
    const refusal = refusalOf(() => parseTrigger({ schedule, event: anEvent({ id: "fixed" }) }));
    expect(refusal).toMatch(/^the scheduled event was refused, nothing was done; 4 problems:\n/);
    for (const path of ["schedule.arn", "schedule.scheduledTime", "schedule.maxAgeMinutes", "event.id"]) {
      expect(refusal).toContain(`  - ${path}: got`);
    }
  });
});

describe("a pipeline's job", () => {
  const token = { rolloutId: "night", execution: "arn:aws:lambda:…/durable-execution/night/1" };
  const jobId = "11111111-abcd-1111-abcd-111111abcdef";

  test.each([
    ["has the job's id, and waits", aPipelineJob(anEvent()), { id: jobId, wait: true }],
    [
      "can have an id, and need not wait",
      aPipelineJob(anEvent({ id: "1234", wait: false })),
      { id: "1234", wait: false },
    ],
    [
      "that continues asks for the rollout of its token",
      aPipelineJob(anEvent(), { continuationToken: JSON.stringify(token) }),
      { id: "night", wait: true, continuation: token },
    ],
  ])("%s", (_what, job, { id, ...expected }) => {
    expect(requestOf(job)).toEqual({ input: anEvent({ id }), ...expected });
  });

  test("loses its artifact credentials when it is read", () => {
    const read = JSON.stringify(parseTrigger(aPipelineJob(anEvent())));
    for (const secret of Object.values(ARTIFACT_CREDENTIALS)) expect(read).not.toContain(secret);
  });

  test.each([
    ["without parameters", aPipelineJob(""), /UserParameters of its action is not the JSON of an object/],
    ["whose parameters are a list", aPipelineJob("[]"), /not the JSON of an object/],
    ["whose parameters are cut off", aPipelineJob('{"action":"promote"'), /not the JSON of an object/],
    ["with a member twice", aPipelineJob('{"targets":{},"targets":{}}'), /targets: got this member twice/],
    ["that waits for something else", aPipelineJob(anEvent({ wait: "yes" })), /wait: expected true or false/],
    ["with another's token", aPipelineJob({}, { continuationToken: "4711" }), /token is not the one that Cutover gave/],
    ["without a job", { "CodePipeline.job": { ...ARTIFACT_CREDENTIALS } }, /expected what CodePipeline's Lambda/],
  ])("%s is refused, and shows no credentials", (_what, job, message) => {
    const refusal = refusalOf(() => requestOf(job));
    expect(refusal).toMatch(message);
    for (const secret of Object.values(ARTIFACT_CREDENTIALS)) expect(refusal).not.toContain(secret);
  });
});

describe("the success of a pipeline", () => {
  const order = { strategy: "linear-20-percent-every-hour", onFailure: "halt", onBusy: "wait" };
  const what = { action: "promote", targets: { cohort: "canary" }, release: { from: "executionId" } };
  const { pipelines = {} } = parsePolicy(
    aPolicy({ pipelines: { myPipeline: { ...what, ...order, notAfterMinutes: 20 } } }),
  );
  const read = (...state: Parameters<typeof aPipelineStateChange>) => {
    const { change } = readAs("pipeline state change", aPipelineStateChange(...state));
    return mapPipelineState(change, pipelines);
  };

  test("starts the policy's event, once for each execution, with a notAfter", () => {
    const input = read("Pipeline");
    expect(input).toMatchObject({
      action: "promote",
      targets: [{ cohort: "canary" }],
      release: "12345678-1234-5678-abcd-12345678abcd",
      id: "pipeline-12345678-1234-5678-abcd-12345678abcd",
      notAfter: "2020-01-24T22:23:44.000Z",
      requestedBy: "pipeline myPipeline",
    });
    expect(acceptDeployEvent(input, parsePolicy(aPolicy()))).toMatchObject({ ...order, dryRun: false });
  });

  test.each([
    ["another pipeline", read("Pipeline", { pipeline: "toString" })],
    ["a stage", read("Stage")],
    ["an action", read("Action")],
    ...["STARTED", "FAILED", "CANCELED", "SUPERSEDED", "RESUMED"].map(
      (state) => [state, read("Pipeline", { state })] as const,
    ),
  ])("but not %s", (_what, input) => {
    expect(input).toBeUndefined();
  });

  test("cannot have an unknown cohort or strategy, but a malformed strategy of the policy", () => {
    const weekly = { action: "promote", targets: { all: true }, release: { name: "weekly" } };
    const parse = (more: object, policy: object = {}) => {
      const pipelines = { weekly: { ...weekly, ...more } };
      return () => parsePolicy(aPolicy({ pipelines, ...policy }));
    };
    expect(parse({ targets: { cohort: "unknown" } })).toThrow(
      /pipelines\.weekly\.targets\[0\]\.cohort: got "unknown"; expected a cohort of the policy, which has/,
    );
    expect(parse({ strategy: "careful" })).toThrow(
      /1 problem:\n {2}- pipelines\.weekly\.strategy: got "careful"; expected a strategy of the policy/,
    );
    expect(parse({ strategy: "careful" }, { strategies: { careful: { waves: [] } } })).toThrow(
      /1 problem:\n {2}- strategies\.careful\.waves: got an empty list/,
    );
  });
});
