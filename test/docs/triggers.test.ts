import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Duration, TimeZone } from "aws-cdk-lib";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import type { CutoverSchedule } from "../../infra/constructs/schedules.ts";
import { FlipEvent } from "../../lambda/contract/deploy-event.ts";
import { propertiesOf, synthesize } from "../infra/make-stack.ts";
import { type FrontDoor, openFrontDoor, type Reply } from "../support/front-door.ts";
import { afterAll, beforeAll, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { toArn } from "../support/run-handler.ts";
import { anEvent } from "../unit/lambda/contract/an-event.ts";
import {
  aBridgedEvent,
  aPipelineJob,
  aPipelineStateChange,
  aScheduledEvent,
} from "../unit/lambda/triggers/aws-samples.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/triggers.md"), "utf8");

/** Synthesized before the world opens, because its connections would be idle for seconds. */
const schedule = readSchedule();
const [deployed] = propertiesOf(synthesize({ schedules: [schedule] }), "AWS::Scheduler::Schedule");

let door: FrontDoor;

beforeAll(open);

afterAll(() => door.close());

async function open() {
  const { policy } = JSON.parse(`{"policy":${blocks("When a pipeline has succeeded", "json")[0]}}`);
  door = await openFrontDoor({ customers: 40, policy });
}

function readSchedule(): CutoverSchedule {
  const [entry = ""] = blocks("EventBridge Scheduler", "ts");
  const evaluate = new Function("ScheduleExpression", "TimeZone", "Duration", `return (${entry});`);
  return evaluate(ScheduleExpression, TimeZone, Duration);
}

/** The blocks of one kind in a section, in order. */
function blocks(title: string, kind: string): readonly string[] {
  const [, section = ""] = new RegExp(`\n##+ ${title}\n(.*?)(?=\n##|$)`, "s").exec(DOCUMENT) ?? [];
  return [...section.matchAll(/```(\w+)\n(.*?)\n```/gs)].flatMap(([, is, text = ""]) => (is === kind ? text : []));
}

function json(title: string, index = 0) {
  return JSON.parse(blocks(title, "json")[index] ?? "");
}

async function expectSuccess({ rolloutId, execution }: Reply, id: string | RegExp) {
  expect(rolloutId).toMatch(id);
  await door.world.executions.settled();
  const report = await door.send({ command: "status", rolloutId, ...(execution && { execution }) });
  expect(report).toMatchObject({ rolloutId, status: "succeeded" });
}

/** The payload of the command line in a section. */
function payloadOf(title: string) {
  return JSON.parse(/--payload '(.*?)'/.exec(blocks(title, "sh")[0] ?? "")?.[1] ?? "");
}

test("answers the stop as written, and refuses the page's first event", async () => {
  const documented = json("Controls");
  expect(await door.send(payloadOf("Controls"))).toEqual({
    ...documented,
    stopped: { ...documented.stopped, at: expect.any(String) },
  });
  const { errorType, errorMessage } = await door.sendRefused(payloadOf("Console and CLI"));
  expect(errorType).toBe("ControlsError");
  const lifting = JSON.parse(/\{"command".*?\}/.exec(errorMessage)?.[0] ?? "");
  expect(await door.send(lifting)).toMatchObject({ status: "open" });
  expect(await door.send({ command: "controls" })).toMatchObject({
    changes: [{ change: "resume-everything" }, { change: "stop-everything", requestedBy: "ann", reason: "calls drop" }],
  });
});

test("starts the event of the console and the CLI, and answers its status, as written", async () => {
  const payloads = blocks("Console and CLI", "sh").map((command) => /--payload '(.*?)'/.exec(command)?.[1] ?? "");
  const [event, status] = payloads.map((payload) => JSON.parse(payload));
  const answer = await door.send(event);
  const shape = (text: string) => text.replace(/\/[^/]+$/, "");
  const documented = json("Console and CLI");
  expect({ ...answer, execution: shape(answer.execution ?? "") }).toEqual({
    ...documented,
    execution: shape(documented.execution),
  });
  await expectSuccess(answer, documented.rolloutId);
  expect(await door.send(status)).toMatchObject({ rolloutId: answer.rolloutId, status: "succeeded" });
});

test("shows the refusal as written", async () => {
  const { trace } = await door.sendRefused(json("Console and CLI", 1));
  expect(trace.join("\n")).toBe(blocks("Console and CLI", "text")[0]);
});

test("starts the entry of PutEvents under the id of its event", async () => {
  const { Source, DetailType, Detail } = json("EventBridge");
  const event = aBridgedEvent(JSON.parse(Detail), { source: Source, "detail-type": DetailType });
  await expectSuccess(await door.send(event), event.id);
});

test("deploys the input of the schedule as written, and starts its rollout", async () => {
  expect(JSON.parse(deployed?.Target.Input)).toEqual(json("EventBridge Scheduler"));

  const scheduledTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const { arn } = aScheduledEvent(schedule.event, { scheduledTime }).schedule;
  const filled = String(deployed?.Target.Input)
    .replace("<aws.scheduler.schedule-arn>", arn)
    .replace("<aws.scheduler.scheduled-time>", scheduledTime);
  const id = new RegExp(`^${schedule.name}-\\d{8}T\\d{6}Z-[0-9a-f]{10}$`);
  await expectSuccess(await door.send(JSON.parse(filled)), id);
});

test("ends the pipeline's action as its rollout ends", async () => {
  const { UserParameters } = json("CodePipeline").Configuration;
  expect(UserParameters.length).toBeLessThanOrEqual(1_000);
  const parameters = UserParameters.replace(
    "#{codepipeline.PipelineExecutionId}",
    "12345678-1234-5678-abcd-12345678abcd",
  );
  await door.send(aPipelineJob(parameters, { id: door.pipeline.openJob() }));
  await door.world.executions.settled();
  const { continuationToken = "" } = door.pipeline.answers()[0] ?? {};
  await door.send(aPipelineJob(parameters, { id: door.pipeline.openJob(), continuationToken }));

  const [, last] = door.pipeline.answers();
  expect(last?.outputVariables).toMatchObject({ rolloutId: "promote-12345678-1234-5678-abcd-12345678abcd" });
  const [, documented = ""] = /with\s+the\s+variables\s+(.*?)\s+for\s+later/s.exec(DOCUMENT) ?? [];
  const names = [...documented.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(Object.keys(last?.outputVariables ?? {}).sort()).toEqual(names.sort());
});

test("starts a rollout when a pipeline of the policy succeeds", async () => {
  const [pipeline] = Object.keys(json("When a pipeline has succeeded").pipelines);
  const succeeded = { ...aPipelineStateChange("Pipeline", { pipeline }), time: new Date().toISOString() };
  await expectSuccess(await door.send(succeeded), /^pipeline-12345678-/);
});

test("answers the pause of a running rollout as written", async () => {
  // Its rollout is the first one of the page, which has ended by now.
  await door.close();
  await open();
  const command = payloadOf("Commands");
  const execution = toArn(command.rolloutId);
  const ledger = openLedger(door.world);
  const event = FlipEvent.parse(anEvent({ id: command.rolloutId }));
  const counts = { flip: 40, unchanged: 0, skipped: 0, hash: "9bed" };
  const waves = [{ wave: 1, from: 0, to: 1, customers: 40, bakeSeconds: 0 }];
  const plan = { ...counts, batches: 1, settledItems: 0, waves };
  const head = { rolloutId: command.rolloutId, action: "promote", at: new Date().toISOString() } as const;
  const lastEvent = { ...head, change: "started", plan: { ...counts, waves: 1 } } as const;
  const standing = { startedAtMs: Date.now(), status: "running", plan, lastEvent } as const;
  const facts = { execution, event, fingerprint: "f", ...standing };
  await ledger.createRollout({ ...facts, rolloutId: command.rolloutId });
  await door.sendRefused(command);
  door.world.executions.running(execution);
  expect(await door.send(command)).toEqual(json("Commands"));
});
