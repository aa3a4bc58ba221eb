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
import { type Moments, type Stage, watchMoments } from "../support/moments.ts";
import { rememberFlags } from "../support/truth.ts";
import { aWidgetContext } from "../support/widget-call.ts";
import { PARTS, startWorld, type World } from "../support/world.ts";

const HOURS = 4;
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
  const stage: Stage = `approval ${wave}`;
  let done = false;
  moments.onLook(async (look) => {
    if (done || look.stage !== stage || look.n !== 3) return;
    done = true;
    await act();
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

describe("a wave with an approval", () => {
  test("begins after its approval, and the report names who approved each wave and why", async () => {
    const flippedThen: number[] = [];
    for (const wave of [2, 3]) {
      whileWaiting(wave, async () => {
        flippedThen.push(flipped());
        expect(await answer("approve")).toMatchObject({ status: "noted" });
        await expect(answer("approve")).rejects.toThrow(`wave ${wave} has its answer`);
      });
    }

    const report = await run();

    expect(flippedThen).toEqual([5, 20]);
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 40 } });
    expect(report.waves?.map((wave) => wave.approval)).toEqual([
      undefined,
      expect.objectContaining({ ...APPROVED, wave: 2 }),
      expect.objectContaining({ ...APPROVED, wave: 3 }),
    ]);
  });

  test("is answered by a button of the widget, which names the plan and wave that its viewer saw", async () => {
    const widgetContext = aWidgetContext({ requestedBy: "ann", reason: ANN.reason });
    for (const wave of [2, 3]) {
      whileWaiting(wave, async () => {
        const html = String(await front({ widgetContext }, "read"));
        expect(html).toMatch(new RegExp(`confirmation="Reject: .* held \\(wave ${wave} of plan [0-9a-f]{12}\\)\\."`));
        const [, send = ""] = /:approve" confirmation="Approve: [^>]*>([^<]*)</.exec(html) ?? [];
        const command = JSON.parse(send.replaceAll("&quot;", '"'));
        expect(await front({ ...command, widgetContext }, "approve")).toContain("approve is noted");
        expect(await front({ widgetContext }, "read")).not.toContain(`endpoint="${DOOR}:approve"`);
      });
    }
    expect((await run()).waves?.[1]?.approval).toMatchObject(APPROVED);
  });

  test("asks people with an alert, and machines with an event", async () => {
    whileWaiting(2, () => answer("reject"));
    const { plan } = await run();
    const hash = plan?.hash.slice(0, 12);
    const [alert] = world.sns.messages();
    expect(alert).toMatchObject({
      subject: "Cutover warning: promote 2026.11: wave 2, 15 customers, waits for an approval",
    });
    const line = { command: "approve", rolloutId: "night", plan: hash, wave: 2, requestedBy: "YOU", reason: "WHY" };
    const text = JSON.stringify(alert);
    for (const part of [line, { ...line, command: "reject" }])
      expect(text).toContain(JSON.stringify(JSON.stringify(part)).slice(1, -1));
    expect(text).toContain(DASHBOARD);
    expect(changes().find(({ change }) => change === "approval asked")).toMatchObject({
      ...{ wave: 2, waves: 3, customers: 15, plan: plan?.hash },
    });
  });

  test("is shown by the status: since when, until when, and how to answer", async () => {
    let shown: Report | undefined;
    let text = "";
    whileWaiting(2, async () => {
      const status = (await front({ command: "status", rolloutId: "night", format: "plain" })) as Report & {
        text: string;
      };
      [shown, text] = [status, status.text];
      await answer("reject");
    });
    await run();
    const { since = "", heldBy: [reason] = [], phase } = shown?.progress ?? {};
    expect(phase).toBe("waiting for approval");
    expect(reason).toMatchObject({ code: "waits-for-approval", wave: 2, customers: 15 });
    const { until = "" } = reason as { until?: string };
    expect((Date.parse(until) - Date.parse(since)) / 3_600_000).toBeCloseTo(HOURS, 3);
    expect(text).toContain("waits for an approval, wave 2 of 3, since ");
    expect(text).toContain('To let wave 2 begin:\n{"command":"approve","rolloutId":"night","plan":"');
  });

  test.each<[string, () => void, object]>([
    ["is rejected", () => whileWaiting(2, () => answer("reject")), { code: "rejected", wave: 2, by: "ann" }],
    ["has no answer in time", () => undefined, { code: "not-approved-in-time", wave: 2, seconds: HOURS * 3_600 }],
  ])("that %s restores what was flipped, and holds the release", async (_how, arrange, reason) => {
    arrange();
    const report = await run();

    expect(report).toMatchObject({
      ...{ status: "rolled-back", problems: [reason], rollback: { restored: 5, failed: 0 }, held: true },
      ...{ counts: { flipped: 5, skipped: 35 }, waves: [{ decision: "proceed" }, { decision: "roll back" }] },
    });
    expect(flipped()).toBe(0);
    const { customers } = (await front({
      command: "customers",
      rolloutId: "night",
      outcome: "restored",
    })) as CustomersListed;
    const { rollouts } = (await front({ command: "customer", customerId: customers[0]?.customerId })) as CustomerFound;
    expect(rollouts).toMatchObject([{ rolledBackBy: "night", rollback: { reason: report.problems?.[0]?.message } }]);
    await expect(front({ ...PROMOTE, id: "again" })).rejects.toThrow(
      /release 2026.11 is held, by Cutover since .*, after rollout night/,
    );
  });

  test("that is rejected under halt leaves every customer, and holds the release", async () => {
    whileWaiting(2, () => answer("reject"));
    const report = await run({ ...PROMOTE, onFailure: "halt" });

    expect(report).toMatchObject({ status: "halted", problems: [{ code: "rejected" }], held: true });
    expect(flipped()).toBe(5);
    expect(await heldReleases()).toMatchObject({
      "2026.11": { requestedBy: "Cutover", rolloutId: "night", reason: expect.stringContaining("rejected by ann") },
    });
  });

  test("and the alarm that goes off while people think: it is rolled back at once", async () => {
    whileWaiting(2, () => world.cloudWatch.setAlarm(ALARM, { state: "ALARM" }));
    const { status, problems, durationMs } = await run();

    expect({ status, problems }).toMatchObject({ status: "rolled-back", problems: [{ code: "alarm", alarm: ALARM }] });
    expect(durationMs).toBeLessThan(60_000);
    expect(flipped()).toBe(0);
  });

  test("that is approved during a pause is shown as approved, also when an alarm then ends it", async () => {
    let shown: AdvisedReport | undefined;
    whileWaiting(2, async () => {
      await front({ ...ANN, command: "pause", minutes: 60 });
      await answer("approve");
      let looks = 0;
      moments.onLook(async () => {
        looks += 1;
        // The look of now takes the commands in, and the next one finds the alarm.
        if (looks !== 2) return;
        shown = (await front({ command: "status", rolloutId: "night", format: "plain" })) as typeof shown;
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

  test("that is aborted while it waits is rolled back", async () => {
    whileWaiting(2, () => front({ ...ANN, command: "abort" }));
    expect(await run()).toMatchObject({ status: "rolled-back", problems: [{ code: "aborted", by: "ann" }] });
    expect(flipped()).toBe(0);
  });

  test("is not approved by an approval of the wave before it that comes again, or late", async () => {
    whileWaiting(2, async () => {
      await answer("approve", { wave: 2 });
      await moments.send({ command: "approve", wave: 2 });
    });
    whileWaiting(3, async () => {
      await expect(answer("approve", { wave: 2 })).rejects.toThrow("wave 3 waits for an approval, and not wave 2");
      await moments.send({ command: "approve", wave: 2 });
    });
    expect(await run()).toMatchObject({
      ...{ status: "rolled-back", problems: [{ code: "not-approved-in-time", wave: 3 }], counts: { flipped: 20 } },
    });
  });
});

test("an approval of a held release, and one that names none of several waves, is refused", async () => {
  whileWaiting(2, async () => {
    await expect(answer("approve", { wave: undefined })).rejects.toThrow("must name the wave; wave 2 waits");
    await front({ command: "hold-release", release: "2026.11", requestedBy: "bob", reason: "calls drop" });
    await expect(answer("approve")).rejects.toThrow("release 2026.11 is held");
  });
  expect(await run()).toMatchObject({ status: "rolled-back", counts: { flipped: 5 } });
});

test("a retry asks before its first wave: its customers may be of a wave that was rejected", async () => {
  whileWaiting(2, () => answer("reject"));
  await run({ ...PROMOTE, onFailure: "halt" });
  for (const given of [{ id: "again" }, { id: "at-once", strategy: "all-at-once" }]) {
    await front({ command: "clear-release", release: "2026.11", requestedBy: "ann", reason: "mended" });
    const { report } = await execute(world, { action: "retry", rolloutId: "night", ...given }, { name: given.id });
    expect(report).toMatchObject({ problems: [{ code: "not-approved-in-time", wave: 1 }] });
  }
  expect(flipped()).toBe(5);
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
