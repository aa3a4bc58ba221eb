import type { FreezeControl } from "../../lambda/core/controls.ts";
import { formatTime } from "../../lambda/core/report/text-layout.ts";
import { execute } from "../support/execute.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, jest, test } from "../support/jest.ts";
import { type Moments, watchMoments } from "../support/moments.ts";
import { startWorld, type World } from "../support/world.ts";
import { freezeAtOnce, runInState } from "./command-rows.ts";

const LATER = "2099-01-01T00:00:00Z";
const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const BY_ANN = { requestedBy: "ann", reason: "a fair" } as const;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A freeze that begins and ends so long from now. */
const freezeFor = (fromMs: number, toMs: number) => ({
  name: "fair",
  from: new Date(Date.now() + fromMs).toISOString(),
  to: new Date(Date.now() + toMs).toISOString(),
});

describe("while a freeze applies,", () => {
  let world: World;
  let moments: Moments;
  let skippedMs = 0;
  /** The dates of the requests that set a flag. */
  let posts: number[];

  beforeEach(async () => {
    world = await startWorld({ customers: 20, stagingShare: 1 });
    moments = await watchMoments(world);
    const now = Date.now.bind(Date);
    skippedMs = 0;
    jest.spyOn(Date, "now").mockImplementation(() => now() + skippedMs);
    posts = [];
    world.emulator.onRequest(({ operation, phase }) => {
      if (operation === "SetCustomerStagingMode" && phase === "arrived") posts.push(Date.now());
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await moments.close();
    await world.close();
  });

  /** Its waits take their time, by the date. */
  const run = (event: object, freezes: readonly object[] = []) =>
    execute(world, event, {
      name: (event as { readonly id?: string }).id ?? "night",
      policy: { freezes },
      onSkip: (ms) => {
        skippedMs += ms;
      },
    });

  test("an event is refused, with the name and the end", async () => {
    const freeze = freezeFor(-HOUR_MS, HOUR_MS);
    const { report } = await run(PROMOTE, [freeze]);

    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "frozen", freeze: "fair", until: freeze.to }],
    });
    expect(world.emulator.stats().requests).toEqual({});
  });

  test("an event that may wait runs right after the end", async () => {
    const freeze = freezeFor(-HOUR_MS, 12 * MINUTE_MS);
    const { report, operations } = await run({ ...PROMOTE, onFreeze: "wait", notAfter: LATER }, [freeze]);

    expect(operations.slice(0, 2)).toEqual(["open", "wait-to-begin"]);
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(Math.min(...posts)).toBeGreaterThanOrEqual(Date.parse(freeze.to));
    expect(Math.min(...posts)).toBeLessThan(Date.parse(freeze.to) + 30_000);
  });

  test("a waiting event is refused at its notAfter", async () => {
    const notAfter = new Date(Date.now() + 5 * MINUTE_MS).toISOString();
    const { report } = await run({ ...PROMOTE, onFreeze: "wait", notAfter }, [freezeFor(-1, 2 * HOUR_MS)]);

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "too-late" }] });
  });

  const IN_TWO = { ...PROMOTE, strategy: { waves: [{ customers: 5, bakeMinutes: 10 }, { rest: true }] } } as const;

  test("a rollout that bakes when it begins passes its gate, flips none, and goes on at the end", async () => {
    const freeze = freezeFor(2 * MINUTE_MS, HOUR_MS);
    const { report } = await run(IN_TWO, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(posts.filter((ms) => ms < Date.parse(freeze.from))).toHaveLength(5);
    expect(posts.filter((ms) => ms >= Date.parse(freeze.to))).toHaveLength(15);
    const changes = world.eventBridge.events().map(({ detail }) => detail as { change: string; at: string });
    const passed = changes.find(({ change }) => change === "gate decided");
    expect(Date.parse(passed?.at ?? "")).toBeLessThan(Date.parse(freeze.to) - 30 * MINUTE_MS);
  });

  test("a child that moves by itself after the first approval is not taken for one that follows", async () => {
    const parentId = world.emulator.addCustomer({ isStaging: true }).id;
    const childId = world.emulator.addCustomer({ isStaging: true, parentCustomerId: parentId }).id;
    const freeze = freezeFor(2 * MINUTE_MS, 3 * HOUR_MS);
    moments.onLook(async ({ stage, n }) => {
      if (stage === "approval 1" && n === 5) await moments.send({ command: "approve", wave: 1 });
      if (stage === "flipping" && n === 3) world.emulator.setStaging(childId, false);
    });
    const strategy = { waves: [{ rest: true, approval: { hours: 4 } }] };
    const { report } = await run({ ...PROMOTE, strategy, exclude: { customerIds: [childId] } }, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 21, skipped: 1 } });
    expect(Math.min(...posts)).toBeGreaterThanOrEqual(Date.parse(freeze.to));
  });

  test("a rollout that is over its last flip ends", async () => {
    const strategy = { waves: [{ rest: true, bakeMinutes: 10 }] };
    const freeze = freezeFor(2 * MINUTE_MS, 100 * HOUR_MS);
    const { report } = await run({ ...PROMOTE, strategy }, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(Date.now()).toBeLessThan(Date.parse(freeze.to));
  });

  test("an abort ends the rollout that it holds, and the rollback restores", async () => {
    const freeze = freezeFor(2 * MINUTE_MS, 3 * HOUR_MS);
    moments.onLook(async ({ stage, n }) => {
      if (stage === "flipping" && n > 5 && Date.now() > Date.parse(freeze.from) + 10 * MINUTE_MS)
        await moments.send({ command: "abort", rollback: true });
    });
    const { report } = await run(IN_TWO, [freeze]);

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 5, failed: 0 } });
    expect(Date.now()).toBeLessThan(Date.parse(freeze.to));
  });

  test("a dry run, an override and a rollback pass; a retry is refused", async () => {
    const freezes = [freezeFor(-HOUR_MS, HOUR_MS)];
    const planned = await run({ ...PROMOTE, id: "dry", dryRun: true }, freezes);
    const overridden = await run({ ...PROMOTE, override: { reason: "a fix" } }, freezes);
    const back = await run({ action: "rollback", rolloutId: "night", id: "back" }, freezes);
    const retry = await run({ action: "retry", rolloutId: "night", id: "again" }, freezes);

    expect([planned, overridden, back].map(({ report }) => report?.status)).toEqual([
      ...["planned", "succeeded", "rolled-back"],
    ]);
    expect(retry.report).toMatchObject({ status: "refused" });
    expect(overridden.report?.override).toEqual({ reason: "a fix", alarms: [], freezes: ["fair"] });
    const started = world.eventBridge.events().map(({ detail }) => detail as { override?: object });
    expect(started.find(({ override }) => override !== undefined)).toMatchObject({ override: { freezes: ["fair"] } });
  });
});

test("a freeze in the middle of a wave holds it within 5 seconds, with no customer half done", () =>
  runInState("flips", freezeAtOnce, ({ report, countLooks }) => {
    expect(report).toMatchObject({ status: "succeeded", counts: { skipped: 0, failed: 0 } });
    expect(countLooks("flipping")).toBeGreaterThan(4);
  }));

describe("at the front door", () => {
  let door: FrontDoor;
  const office = { name: "office", ...{ schedule: "* * * * *", duration: "10h", timeZone: "UTC" } };
  afterEach(() => door.close());

  const until = () => new Date(Date.now() + HOUR_MS).toISOString();

  test("a freeze is added, shown, refuses events, and is lifted", async () => {
    door = await openFrontDoor({ customers: 5, stagingShare: 1 });
    const end = until();
    const added = await door.send({ command: "freeze", name: "fair", until: end, ...BY_ANN }, "steer");
    expect(added).toMatchObject({
      status: "frozen",
      freezes: [{ code: "frozen", freeze: "fair", until: end, by: "ann", why: "a fair" }],
    });
    const { errorType, errorMessage } = await door.sendRefused(PROMOTE);
    expect(errorType).toBe("ControlsError");
    expect(errorMessage).toContain(`freeze fair applies until ${formatTime(end)}, by ann since`);
    const waits = { ...PROMOTE, id: "late", onFreeze: "wait", notAfter: LATER };
    expect(await door.send({ ...waits, dryRun: true }, "start")).toMatchObject({ status: "starting" });

    const lifted = await door.send({ command: "lift-freeze", name: "fair", ...BY_ANN });
    expect(lifted).toMatchObject({ status: "open" });
    expect(lifted).not.toHaveProperty("freezes");
    expect((await door.sendRefused({ command: "lift-freeze", name: "fair", ...BY_ANN })).errorMessage).toContain(
      "no freeze fair applies",
    );
    await door.send(PROMOTE);
    await door.world.executions.settled();
    const { changes } = (await door.send({ command: "controls" })) as unknown as { readonly changes: unknown };
    expect(changes).toMatchObject([{ change: "lift-freeze" }, { change: "freeze" }]);
  });

  test("the window of a freeze of the policy is lifted until its end", async () => {
    door = await openFrontDoor({ customers: 5, stagingShare: 1, policy: { freezes: [office] } });
    expect(await door.send({ command: "controls" })).toMatchObject({ status: "frozen" });
    expect((await door.sendRefused(PROMOTE)).errorMessage).toContain("freeze office applies until");
    const clash = { command: "freeze", name: "office", until: until(), ...BY_ANN };
    expect((await door.sendRefused(clash)).errorMessage).toContain("the policy has a freeze office");

    const lifted = await door.send({ command: "lift-freeze", name: "office", ...BY_ANN });
    const { status, liftedFreezes: [first] = [] } = lifted as unknown as {
      readonly status: string;
      readonly liftedFreezes?: readonly FreezeControl[];
    };
    expect(status).toBe("open");
    expect(first).toMatchObject({ name: "office", lifts: true, requestedBy: "ann" });
    await door.send(PROMOTE);
    await door.world.executions.settled();
    expect(await door.send({ command: "status", rolloutId: "night" })).toMatchObject({ status: "succeeded" });
  });

  test.each([
    ["is over", -1],
    ["is more than 31 days away", 32 * 24 * HOUR_MS],
  ])("a freeze whose end %s is refused", async (_what, ms) => {
    door = await openFrontDoor({ customers: 5 });
    const command = { command: "freeze", name: "fair", until: new Date(Date.now() + ms).toISOString(), ...BY_ANN };
    expect((await door.sendRefused(command)).errorMessage).toMatch(/nothing was done: until: got .*at most 31 days/);
  });
});
