import { RIGHTS, type Right } from "../../lambda/contract/rights.ts";
import type { ControlsShown } from "../../lambda/front-door/change-controls.ts";
import { checkRight } from "../../lambda/front-door/check-right.ts";
import type { RolloutsListed } from "../../lambda/front-door/list-rollouts.ts";
import type { AdvisedReport } from "../../lambda/front-door/read-status.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { afterAll, beforeAll, describe, expect, test } from "../support/jest.ts";
import { anEvent } from "../unit/lambda/contract/an-event.ts";
import { aPipelineJob, aPipelineStateChange } from "../unit/lambda/triggers/aws-samples.ts";

const ANN = { requestedBy: "ann", reason: "calls drop" };
const OVERRIDE = { override: { reason: "a fix must go out" } };

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor({ customers: 20 });
});
afterAll(() => door.close());

/** It is refused, whatever alias it came by, so that it starts nothing. */
const FLIPS = anEvent({ targets: { cohort: "unknown" } });

const CALLS: readonly (readonly [string, object, ...Right[]])[] = [
  ["the status of a rollout", { command: "status", rolloutId: "night" }, "read"],
  ["the controls", { command: "controls" }, "read"],
  ["a dry run", anEvent({ dryRun: true }), "read", "start"],
  ["a dry run with an override", anEvent({ dryRun: true, ...OVERRIDE }), "read", "override"],
  ["the dry run of a rollback", { action: "rollback", release: "2026.10.0", dryRun: true }, "read", "start"],
  ["what is nearly a dry run", { ...anEvent(), dryRun: "true" }, "start"],
  ["a promote", FLIPS, "start"],
  ["a rollback", { action: "rollback", release: "2026.10.0" }, "start"],
  ["an event of EventBridge", aDeployEventOf(FLIPS), "start"],
  ["a pipeline's success", aPipelineStateChange(), "start"],
  ["an abort", { ...ANN, command: "abort", rolloutId: "night" }, "steer"],
  ["an approval", { ...ANN, command: "approve", rolloutId: "night", plan: "9bed".repeat(3) }, "approve"],
  ["a rejection", { ...ANN, command: "reject", rolloutId: "night", plan: "9bed".repeat(3) }, "approve"],
  ["the stop of everything", { ...ANN, command: "stop-everything", id: "stop-1" }, "steer"],
  ["the end of the stop", { ...ANN, command: "resume-everything", id: "go-1" }, "steer"],
  ["the end of a hold", { ...ANN, command: "clear-release", release: "2026.10.0" }, "steer"],
  ["a protection", { ...ANN, command: "protect", customerIds: ["1"] }, "steer"],
  ["an event with an override", { ...FLIPS, ...OVERRIDE }, "override"],
  ["such an event of EventBridge", aDeployEventOf({ ...FLIPS, ...OVERRIDE }), "override"],
];

function aDeployEventOf(detail: object): object {
  return {
    ...{ id: "6a7e8feb", source: "com.example.deploy", "detail-type": "Cutover Deploy Event" },
    ...{ time: "2026-11-23T02:00:00Z", detail },
  };
}

async function answerTo(request: object, alias?: Right): Promise<string> {
  return door.send(request, alias).then(
    () => "answered",
    (error: Error) => error.message,
  );
}

describe.each(CALLS)("%s", (_what, request, ...needed) => {
  test("needs its right, and no other alias gives it", async () => {
    const others = RIGHTS.filter((right) => !needed.includes(right));
    for (const alias of others) {
      const { errorType, errorMessage } = await door.sendRefused(request, alias);
      expect(errorType).toBe("RightsError");
      expect(errorMessage).toBe(
        `nothing was done: this request needs the right ${needed.join(" or ")}, and the front door was called by its alias ${alias}; call start:${needed[0]}, which needs lambda:InvokeFunction on that alias`,
      );
    }
    for (const alias of needed) expect(await answerTo(request, alias)).not.toMatch(/needs the right/);
    expect(await answerTo(request)).not.toMatch(/needs the right/);
  });
});

test("a version number, or an alias of another name, gives no right", () => {
  const arn = "arn:aws:lambda:us-east-1:000000000000:function:start";
  for (const qualifier of ["7", "live", "Read", ""])
    expect(() => checkRight(`${arn}:${qualifier}`, "read")).toThrow(/needs the right read/);
  expect(checkRight(`${arn}:$LATEST`, "read")).toEqual({ qualifier: "$LATEST" });
});

describe("a pipeline's job", () => {
  const job = (event: object, continuationToken?: string) =>
    aPipelineJob(event, { id: door.pipeline.openJob(), ...(continuationToken && { continuationToken }) });

  test.each<[Right, object]>([
    ["start", anEvent({ id: "job-1" })],
    ["override", anEvent({ id: "job-2", ...OVERRIDE })],
  ])("of the alias %s is continued by the same alias only", async (alias, event) => {
    await door.send(job(event), alias);
    const { continuationToken = "" } = door.pipeline.answers().at(-1) ?? {};
    await door.world.executions.settled();
    const other = alias === "start" ? "override" : "start";
    await door.send(job(event, continuationToken), other);
    expect(door.pipeline.answers().at(-1)?.failureDetails?.message).toContain(`needs the right ${alias}`);
    await door.send(job(event, continuationToken), alias);
    expect(door.pipeline.answers().at(-1)?.action).toBe("PutJobSuccessResult");
  });

  test.each<[string, object]>([
    ["has another event", anEvent({ dryRun: true, release: "2026.9.9" })],
    ["has an equal event with an id of its own", anEvent({ dryRun: true, id: "plan-mine" })],
    ["has no event", {}],
  ])("with a forged token is told nothing of a rollout that it did not start: it %s", async (_what, event) => {
    const { execution } = await door.send(anEvent({ dryRun: true, id: "plan-secret" }), "start");
    await door.world.executions.settled();
    const forged = job(event, JSON.stringify({ rolloutId: "plan-secret", execution }));
    const answer = await door.send(forged, "start");
    expect(answer).toEqual({ status: "refused", problem: expect.stringContaining("token is not the one") });
    expect(door.pipeline.answers().at(-1)?.failureDetails?.message).toBe((answer as { problem?: string }).problem);
  });

  test("whose token names a rollout by its execution alone is told nothing of it", async () => {
    const { execution = "" } = await door.send(anEvent({ dryRun: true, id: "plan-secret" }), "start");
    await door.world.executions.settled();
    const [, rolloutId] = /durable-execution\/([^/]+)\//.exec(execution) ?? [];
    const forged = job(anEvent({ dryRun: true }), JSON.stringify({ rolloutId, execution }));
    expect(await door.send(forged, "start")).toMatchObject({ status: "refused" });
  });

  test("with an override fails by the alias start, and is not answered by one that starts nothing", async () => {
    const answered = door.pipeline.answers().length;
    for (const alias of ["steer", "approve"] as const)
      expect((await door.sendRefused(job({ action: "stop" }), alias)).errorType).toBe("RightsError");
    expect(door.pipeline.answers()).toHaveLength(answered);
    expect(await door.send(job(anEvent({ ...OVERRIDE })), "start")).toMatchObject({ status: "refused" });
    expect(door.pipeline.answers().at(-1)?.failureDetails?.message).toContain("needs the right override");
  });
});

describe("a caller that may only read", () => {
  test("plans, by itself and by a pipeline's job, and promotes nothing", async () => {
    const flips = anEvent({ release: "2026.12.0", id: "promote-1" });
    await door.send({ ...flips, dryRun: true, id: "plan-1" }, "read");
    await door.world.executions.settled();
    expect(await door.send({ command: "status", rolloutId: "plan-1" }, "read")).toMatchObject({ status: "planned" });
    const planning = aPipelineJob({ ...flips, dryRun: true }, { id: door.pipeline.openJob() });
    expect(await door.send(planning, "read")).toMatchObject({ status: "starting" });
    const promoting = aPipelineJob(flips, { id: door.pipeline.openJob() });
    expect(await door.send(promoting, "read")).toMatchObject({ status: "refused" });
    expect((await door.sendRefused(flips, "read")).errorType).toBe("RightsError");
  });

  test("uses up no id, takes no lock, and hides no rollout with its dry runs", async () => {
    const flips = anEvent({ release: "2026.12.1", id: "night-1" });
    const send = async (event: object, alias: Right) => {
      const answer = await door.send(event, alias);
      await door.world.executions.settled();
      return answer;
    };
    await send({ ...flips, dryRun: true }, "read");
    const { rolloutId } = await send(flips, "start");
    expect(rolloutId).toMatch(/^night-1-[\da-f]{12}$/);
    expect(await send(flips, "start")).toMatchObject({ rolloutId, joined: true, status: "succeeded" });
    const { errorMessage } = await door.sendRefused({ ...flips, dryRun: true, id: rolloutId }, "read");
    expect(errorMessage).toContain("belongs to a different event");
    // A list has 20 rollouts.
    const [one] = door.world.emulator.customers();
    for (let plan = 1; plan <= 21; plan += 1)
      await door.send(anEvent({ targets: { customerIds: [one?.id] }, dryRun: true, id: `plan-many-${plan}` }), "read");
    await door.world.executions.settled();
    expect(await door.send({ command: "status" }, "read")).toMatchObject({ rolloutId });
    const { rollouts } = (await door.send({ command: "list" }, "read")) as unknown as RolloutsListed;
    expect(rollouts[0]).toMatchObject({ rolloutId, dryRun: false });
  });
});

describe("how a request came in", () => {
  test("is kept with the rollout, and stands in its report beside what the sender says", async () => {
    const asked = { command: "status", rolloutId: "seen", format: "plain" };
    await door.send(anEvent({ id: "seen", dryRun: true, requestedBy: "ann" }), "start");
    await door.world.executions.settled();
    const report = (await door.send(asked, "read")) as unknown as AdvisedReport;
    expect(report).toMatchObject({ requestedBy: "ann", via: { qualifier: "start" } });
    expect(report.text).toMatch(/^asked by {2}ann, as the sender says\ncame by {3}the alias start of the front door$/m);
    const { rollouts } = (await door.send({ command: "list", plans: true })) as unknown as RolloutsListed;
    expect(rollouts.find(({ rolloutId }) => rolloutId === "seen")?.via).toEqual({ qualifier: "start" });
  });

  test("is not for the sender to say", async () => {
    const { errorMessage } = await door.sendRefused({ ...anEvent(), via: { qualifier: "override" } });
    expect(errorMessage).toContain("via: got an unknown member");
  });

  test("is kept with a change of the controls", async () => {
    await door.send({ ...ANN, command: "hold-release", release: "2026.9.9" }, "steer");
    const { changes } = (await door.send({ command: "controls" })) as unknown as ControlsShown;
    expect(changes?.[0]).toMatchObject({ ...ANN, change: "hold-release", via: { qualifier: "steer" } });
  });
});
