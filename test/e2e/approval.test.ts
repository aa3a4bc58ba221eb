import { setTimeout } from "node:timers/promises";
import { type Right, rightFor } from "../../lambda/contract/rights.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { CustomerFound } from "../../lambda/front-door/find-customer.ts";
import type { CustomersListed } from "../../lambda/front-door/list-customers.ts";
import type { AdvisedReport } from "../../lambda/front-door/read-status.ts";
import { createFrontDoor } from "../../lambda/front-door.ts";
import { createWorker } from "../../lambda/worker.ts";
import { execute } from "../support/execute.ts";
import { WORKER_ARN } from "../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { TABLE } from "../support/ledger.ts";
import { type Moments, watchMoments } from "../support/moments.ts";
import { rememberFlags } from "../support/truth.ts";
import { aWidgetContext } from "../support/widget-call.ts";
import { PARTS, startWorld, type World } from "../support/world.ts";
import { once } from "./command-rows.ts";

const HOURS = 0.1;
const approval = { hours: HOURS };
/** Five, then fifteen with an approval, then the rest with an approval. */
const WAVES = { waves: [{ customers: 5 }, { customers: 15, approval }, { rest: true, approval }] };
const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night", strategy: WAVES },
  ...{ requestedBy: "the pipeline" },
} as const;
const ALARM = "calls-drop";
const ANN = { rolloutId: "night", requestedBy: "ann", reason: "the pilots are happy" } as const;
const DASHBOARD = "https://us-east-1.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/cutover";

const DOOR = "arn:aws:lambda:us-east-1:000000000000:function:door";

let world: World;
let moments: Moments;
let before: ReadonlyMap<string, boolean>;
let front: (payload: object, alias?: Right) => Promise<unknown>;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 1, policy: { alarms: [ALARM] } });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  before = rememberFlags(world);
  moments = await watchMoments(world);
  const handler = createFrontDoor({ policy: world.policy, tableName: TABLE, workerArn: WORKER_ARN });
  front = (payload, alias = rightFor(payload)) =>
    handler(payload, { invokedFunctionArn: `${DOOR}:${alias}`, awsRequestId: "1" });
});
afterEach(() => moments.close().finally(() => world.close()));

/** Does this once, at the third poll of the wait for an approval. */
function whileWaiting(wave: number, act: () => unknown): void {
  const look = { stage: `approval ${wave}`, n: 3 } as const;
  moments.onLook(once(look, async () => void (await act())));
}

/** Does this at the look after the one of now, which takes in what was sent. */
function atNextLook(act: () => unknown): void {
  let looks = 0;
  moments.onLook(async () => {
    looks += 1;
    if (looks === 2) await act();
  });
}

/** With the hash of the plan and the wave that the status shows. */
async function answer(command: "approve" | "reject", given: object = {}): Promise<unknown> {
  const { plan, progress } = (await front({ command: "status", rolloutId: "night" })) as Report;
  return front({ ...ANN, command, plan: plan?.hash.slice(0, 12), wave: progress?.wave, ...given });
}

async function run(event: object = PROMOTE): Promise<Report> {
  const handler = createWorker({ policy: world.policy, ...PARTS, dashboardUrl: DASHBOARD });
  const { report, error } = await execute(world, event, { name: "night", handler });
  if (report === undefined) throw new Error(`the execution failed: ${error}`);
  return report;
}

const flipped = () => [...rememberFlags(world)].filter(([id, flag]) => before.get(id) !== flag).length;
const changes = () => world.eventBridge.events().map(({ detail }) => detail as RolloutEvent);
const heldReleases = async () => (await moments.ledger.readControls()).holds;

const APPROVED = { code: "approved", by: "ann", via: { qualifier: "approve" }, why: ANN.reason };

/** Presses the button that the widget shows. */
async function pressApprove(wave: number): Promise<void> {
  const widgetContext = aWidgetContext({ requestedBy: "ann", reason: ANN.reason });
  const html = String(await front({ widgetContext }, "read"));
  expect(html).toMatch(new RegExp(`confirmation="Reject: .* held \\(wave ${wave} of plan [0-9a-f]{12}\\)\\."`));
  const [, send = ""] = /:approve" confirmation="Approve: [^>]*>([^<]*)</.exec(html) ?? [];
  const command = JSON.parse(send.replaceAll("&quot;", '"'));
  expect(await front({ ...command, widgetContext }, "approve")).toContain("approve is noted");
  expect(await front({ widgetContext }, "read")).not.toContain(`endpoint="${DOOR}:approve"`);
}

/** An alert for people, an event for machines, and the status each say how to answer. */
function expectAsked(shown: AdvisedReport, plan: Report["plan"]): void {
  const [alert] = world.sns.messages();
  expect(alert).toMatchObject({
    subject: "Cutover warning: promote 2026.11: wave 2, 15 customers, waits for an approval",
  });
  const hash = plan?.hash.slice(0, 12);
  const line = { command: "approve", rolloutId: "night", plan: hash, wave: 2, requestedBy: "YOU", reason: "WHY" };
  const text = JSON.stringify(alert);
  for (const part of [line, { ...line, command: "reject" }])
    expect(text).toContain(JSON.stringify(JSON.stringify(part)).slice(1, -1));
  expect(text).toContain(DASHBOARD);
  expect(changes().find(({ change }) => change === "approval asked")).toMatchObject({
    ...{ wave: 2, waves: 3, customers: 15, plan: plan?.hash },
  });
  const { since = "", heldBy: [reason] = [], phase } = shown.progress ?? {};
  expect(phase).toBe("waiting for approval");
  expect(reason).toMatchObject({ code: "waits-for-approval", wave: 2, customers: 15 });
  const { until = "" } = reason as { until?: string };
  expect((Date.parse(until) - Date.parse(since)) / 3_600_000).toBeCloseTo(HOURS, 3);
  expect(shown.text).toContain("waits for an approval, wave 2 of 3, since ");
  expect(shown.text).toContain('To let wave 2 begin:\n{"command":"approve","rolloutId":"night","plan":"');
}

/** Five customers were flipped, and are restored. */
async function expectRolledBack(report: Report, reason: object): Promise<void> {
  expect(report).toMatchObject({
    ...{ status: "rolled-back", problems: [reason], rollback: { restored: 5, failed: 0 }, held: true },
    ...{ counts: { flipped: 5, skipped: 35 }, waves: [{ decision: "proceed" }, { decision: "roll back" }] },
  });
  expect(flipped()).toBe(0);
  const restored = { command: "customers", rolloutId: "night", outcome: "restored" };
  const { customers } = (await front(restored)) as CustomersListed;
  const { rollouts } = (await front({ command: "customer", customerId: customers[0]?.customerId })) as CustomerFound;
  expect(rollouts).toMatchObject([{ rolledBackBy: "night", rollback: { reason: report.problems?.[0]?.message } }]);
  await expect(front({ ...PROMOTE, id: "again" })).rejects.toThrow(
    /release 2026.11 is held, by Cutover since .*, after rollout night/,
  );
}

const showStatus = async () =>
  (await front({ command: "status", rolloutId: "night", format: "plain" })) as AdvisedReport;

describe("a wave with an approval", () => {
  test("begins after its own approval, by command or button; the report names who and why", async () => {
    const flippedThen: number[] = [];
    whileWaiting(2, async () => {
      flippedThen.push(flipped());
      expect(await answer("approve")).toMatchObject({ status: "noted" });
      await expect(answer("approve")).rejects.toThrow("wave 2 has its answer");
      await moments.send({ command: "approve", wave: 2 });
    });
    whileWaiting(3, async () => {
      await expect(answer("approve", { wave: 2 })).rejects.toThrow("wave 3 waits for an approval, and not wave 2");
      await moments.send({ command: "approve", wave: 2 });
      atNextLook(() => {
        flippedThen.push(flipped());
        return pressApprove(3);
      });
    });

    const report = await run();

    expect(flippedThen).toEqual([5, 20]);
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 40 } });
    expect(report.waves?.map((wave) => wave.approval)).toEqual([
      undefined,
      expect.objectContaining({ ...APPROVED, wave: 2 }),
      expect.objectContaining({ ...APPROVED, wave: 3 }),
    ]);
  });

  test("asks people and machines; a rejection restores what was flipped, and holds the release", async () => {
    let shown: AdvisedReport | undefined;
    whileWaiting(2, async () => {
      shown = await showStatus();
      await answer("reject");
    });
    const report = await run();

    expectAsked(shown as AdvisedReport, report.plan);
    await expectRolledBack(report, { code: "rejected", wave: 2, by: "ann" });
  });

  test("that has no valid answer in time restores what was flipped, and holds the release", async () => {
    whileWaiting(2, async () => {
      await expect(answer("approve", { wave: undefined })).rejects.toThrow("must name the wave; wave 2 waits");
      const release = { release: "2026.11", requestedBy: "bob", reason: "calls drop" };
      await front({ command: "hold-release", ...release });
      await expect(answer("approve")).rejects.toThrow("release 2026.11 is held");
      await front({ command: "clear-release", ...release });
    });

    await expectRolledBack(await run(), { code: "not-approved-in-time", wave: 2, seconds: HOURS * 3_600 });
  });

  test("that is rejected under halt leaves every customer; a retry asks before its first wave", async () => {
    whileWaiting(2, () => answer("reject"));
    const report = await run({ ...PROMOTE, onFailure: "halt" });

    expect(report).toMatchObject({ status: "halted", problems: [{ code: "rejected" }], held: true });
    expect(await heldReleases()).toMatchObject({
      "2026.11": { requestedBy: "Cutover", rolloutId: "night", reason: expect.stringContaining("rejected by ann") },
    });
    for (const given of [{ id: "again" }, { id: "at-once", strategy: "all-at-once" }]) {
      await front({ command: "clear-release", release: "2026.11", requestedBy: "ann", reason: "mended" });
      const retried = await execute(world, { action: "retry", rolloutId: "night", ...given }, { name: given.id });
      expect(retried.report).toMatchObject({ problems: [{ code: "not-approved-in-time", wave: 1 }] });
    }
    expect(flipped()).toBe(5);
  });

  test.each<[string, () => unknown, object]>([
    ["the alarm goes off", () => world.cloudWatch.setAlarm(ALARM, { state: "ALARM" }), { code: "alarm", alarm: ALARM }],
    ["it is aborted", () => front({ ...ANN, command: "abort" }), { code: "aborted", by: "ann" }],
  ])("is rolled back at once when %s while people think", async (_what, act, reason) => {
    let polls = 0;
    moments.onLook(({ stage, n }) => {
      if (stage === "approval 2") polls = n;
    });
    whileWaiting(2, act);
    expect(await run()).toMatchObject({ status: "rolled-back", problems: [reason] });
    expect(flipped()).toBe(0);
    expect(polls).toBeLessThanOrEqual(4);
  });

  test("that is approved during a pause is shown as approved, also when an alarm then ends it", async () => {
    let shown: AdvisedReport | undefined;
    whileWaiting(2, async () => {
      await front({ ...ANN, command: "pause", minutes: 60 });
      await answer("approve");
      atNextLook(async () => {
        shown = await showStatus();
        world.cloudWatch.setAlarm(ALARM, { state: "ALARM" });
      });
    });
    const report = await run();

    expect(shown?.progress).toMatchObject({ heldBy: [{ code: "paused", by: "ann" }] });
    expect(shown?.text).toMatch(/has the answer for its approval, wave 2 of 3.*approve of wave 2, sent by ann at /s);
    expect(shown?.text).toContain("15 customers, has its answer");
    expect(JSON.stringify(shown?.next)).not.toContain("approve");
    expect(report).toMatchObject({ status: "rolled-back", problems: [{ code: "alarm" }] });
    expect(report.waves?.[1]).toMatchObject({ decision: "roll back", approval: { ...APPROVED, wave: 2 } });
  });
});

describe("an approval before the first wave", () => {
  const first = {
    ...PROMOTE,
    strategy: { waves: [{ customers: 1_000 }, { rest: true }].map((wave) => ({ ...wave, approval })) },
  };

  test("that is rejected flips no customer, and holds the release", async () => {
    whileWaiting(1, () => answer("reject"));
    const report = await run(first);

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "rejected", wave: 1 }], held: true });
    expect(Object.keys(await heldReleases())).toEqual(["2026.11"]);
    expect(changes().map(({ change }) => change)).toEqual(["approval asked", "ended"]);
    expect(flipped()).toBe(0);
  });

  test("that comes after notAfter flips no customer", async () => {
    const notAfter = new Date(Date.now() + 3_000);
    whileWaiting(1, async () => {
      await setTimeout(notAfter.getTime() - Date.now() + 50);
      await answer("approve");
    });
    const report = await run({ ...first, notAfter: notAfter.toISOString() });

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "too-late" }] });
    expect(flipped()).toBe(0);
  });

  test("is asked once when a later wave has no customers", async () => {
    whileWaiting(1, () => answer("approve"));
    const report = await run(first);

    expect(report).toMatchObject({ status: "succeeded", waves: [{ approval: APPROVED }, { customers: 0 }] });
    expect(
      changes()
        .map(({ change }) => change)
        .slice(0, 3),
    ).toEqual(["approval asked", "approved", "started"]);
  });
});
