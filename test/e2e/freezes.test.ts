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

  test("an event that may wait runs right after the end", async () => {
    const freeze = freezeFor(-HOUR_MS, 5 * MINUTE_MS);
    const { report, operations } = await run({ ...PROMOTE, onFreeze: "wait", notAfter: LATER }, [freeze]);

    expect(operations.slice(0, 2)).toEqual(["open", "wait-to-begin"]);
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(Math.min(...posts)).toBeGreaterThanOrEqual(Date.parse(freeze.to));
    expect(Math.min(...posts)).toBeLessThan(Date.parse(freeze.to) + 30_000);
  });

  test("a waiting event is refused at its notAfter", async () => {
    const notAfter = new Date(Date.now() + 2 * MINUTE_MS).toISOString();
    const { report } = await run({ ...PROMOTE, onFreeze: "wait", notAfter }, [freezeFor(-1, 2 * HOUR_MS)]);

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "too-late" }] });
  });

  const IN_TWO = { ...PROMOTE, strategy: { waves: [{ customers: 5, bakeMinutes: 5 }, { rest: true }] } } as const;

  test("a rollout that bakes when it begins passes its gate, flips none, and goes on at the end", async () => {
    const freeze = freezeFor(2 * MINUTE_MS, 20 * MINUTE_MS);
    const { report } = await run(IN_TWO, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(posts.filter((ms) => ms < Date.parse(freeze.from))).toHaveLength(5);
    expect(posts.filter((ms) => ms >= Date.parse(freeze.to))).toHaveLength(15);
    const changes = world.eventBridge.events().map(({ detail }) => detail as { change: string; at: string });
    const passed = changes.find(({ change }) => change === "gate decided");
    expect(Date.parse(passed?.at ?? "")).toBeLessThan(Date.parse(freeze.to) - 10 * MINUTE_MS);
  });

  test("a child that moves by itself after the first approval is not taken for one that follows", async () => {
    const parentId = world.emulator.addCustomer({ isStaging: true }).id;
    const childId = world.emulator.addCustomer({ isStaging: true, parentCustomerId: parentId }).id;
    const freeze = freezeFor(2 * MINUTE_MS, 20 * MINUTE_MS);
    moments.onLook(async ({ stage, n }) => {
      if (stage === "approval 1" && n === 5) await moments.send({ command: "approve", wave: 1 });
      if (stage === "flipping" && n === 3) world.emulator.setStaging(childId, false);
    });
    const strategy = { waves: [{ rest: true, approval: { hours: 1 } }] };
    const { report } = await run({ ...PROMOTE, strategy, exclude: { customerIds: [childId] } }, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 21, skipped: 1 } });
    expect(Math.min(...posts)).toBeGreaterThanOrEqual(Date.parse(freeze.to));
  });

  test("a rollout that is over its last flip ends", async () => {
    const strategy = { waves: [{ rest: true, bakeMinutes: 5 }] };
    const freeze = freezeFor(2 * MINUTE_MS, 100 * HOUR_MS);
    const { report } = await run({ ...PROMOTE, strategy }, [freeze]);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(Date.now()).toBeLessThan(Date.parse(freeze.to));
  });

  test("an abort ends the rollout that it holds, and the rollback restores", async () => {
    const freeze = freezeFor(2 * MINUTE_MS, 3 * HOUR_MS);
    moments.onLook(async ({ stage, n }) => {
      if (stage === "flipping" && n === 3 && Date.now() > Date.parse(freeze.from) + 3 * MINUTE_MS)
        await moments.send({ command: "abort", rollback: true });
    });
    const { report } = await run(IN_TWO, [freeze]);

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 5, failed: 0 } });
    expect(Date.now()).toBeLessThan(Date.parse(freeze.to));
  });

  test("an event and a retry are refused; a dry run, an override and a rollback pass", async () => {
    const freeze = freezeFor(-HOUR_MS, HOUR_MS);
    const freezes = [freeze];
    const refused = await run({ ...PROMOTE, id: "first" }, freezes);
    expect(refused.report).toMatchObject({
      status: "refused",
      problems: [{ code: "frozen", freeze: "fair", until: freeze.to }],
    });
    expect(world.emulator.stats().requests).toEqual({});

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

  test("a window of the policy, and a freeze that is added, refuse events until they are lifted", async () => {
    door = await openFrontDoor({ customers: 5, stagingShare: 1, policy: { freezes: [office] } });
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const refuse = async (event: object) => (await door.sendRefused(event)).errorMessage;
    expect(await door.send({ command: "controls" })).toMatchObject({ status: "frozen" });
    expect(await refuse(PROMOTE)).toContain("freeze office applies until");
    const clash = { command: "freeze", name: "office", until, ...BY_ANN };
    expect(await refuse(clash)).toContain("the policy has a freeze office");
    expect(await door.send({ command: "lift-freeze", name: "office", ...BY_ANN })).toMatchObject({
      status: "open",
      liftedFreezes: [{ name: "office", lifts: true, requestedBy: "ann" }],
    });

    const added = await door.send({ command: "freeze", name: "fair", until, ...BY_ANN }, "steer");
    expect(added).toMatchObject({
      status: "frozen",
      freezes: [{ code: "frozen", freeze: "fair", until, by: "ann", why: "a fair" }],
    });
    const { errorType, errorMessage } = await door.sendRefused(PROMOTE);
    expect(errorType).toBe("ControlsError");
    expect(errorMessage).toContain(`freeze fair applies until ${formatTime(until)}, by ann since`);
    const waits = { ...PROMOTE, id: "late", onFreeze: "wait", notAfter: LATER };
    expect(await door.send({ ...waits, dryRun: true }, "start")).toMatchObject({ status: "starting" });

    const lifted = await door.send({ command: "lift-freeze", name: "fair", ...BY_ANN });
    expect(lifted).toMatchObject({ status: "open" });
    expect(lifted).not.toHaveProperty("freezes");
    expect(await refuse({ command: "lift-freeze", name: "fair", ...BY_ANN })).toContain("no freeze fair applies");
    await door.send(PROMOTE);
    await door.world.executions.settled();
    expect(await door.send({ command: "status", rolloutId: "night" })).toMatchObject({ status: "succeeded" });
    const { changes } = (await door.send({ command: "controls" })) as unknown as { readonly changes: unknown };
    expect(changes).toMatchObject([{ change: "lift-freeze" }, { change: "freeze" }, { change: "lift-freeze" }]);
  });
});
