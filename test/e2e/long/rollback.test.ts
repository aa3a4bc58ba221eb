import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { openLedger } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ROLLBACK = { action: "rollback", rolloutId: "night", requestedBy: "ann", reason: "calls drop" } as const;
const POST = "SetCustomerStagingMode";

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 0.5 });
});
afterEach(() => world.close());

const flags = () => new Map([...world.emulator.customers()].map(({ id, isStaging }) => [id, isStaging]));
const staged = () =>
  [...world.emulator.customers()].flatMap(({ id, isStaging, accountId }) =>
    isStaging && accountId === world.emulator.accountId ? id : [],
  );
const writes = () => world.emulator.stats().requests[POST] ?? 0;

describe("a rollback by event", () => {
  test("restores exactly what the rollout flipped, holds the release, and may be sent again", async () => {
    const before = flags();
    const { report: first } = await execute(world, PROMOTE, { name: "one" });
    const flipped = first?.counts.flipped ?? 0;
    expect(flipped).toBeGreaterThan(10);
    const { report: dry } = await execute(world, { ...ROLLBACK, dryRun: true }, { name: "dry" });
    expect(dry).toMatchObject({ status: "planned", rollback: { failed: flipped, restored: 0 } });
    expect(writes()).toBe(flipped);
    // A later rollout of the release flips no customer, and another system moves one back.
    await execute(world, { ...PROMOTE, id: "nightly" }, { name: "nightly" });
    const [moved = ""] = [...before].find(([id, flag]) => flag && flags().get(id) === false) ?? [];
    world.emulator.setStaging(moved, true);

    const { report } = await execute(world, { action: "rollback", release: "2026.11" }, { name: "two" });

    expect(report).toMatchObject({
      action: "rollback",
      release: "2026.11",
      status: "rolled-back",
      of: ["night"],
      rollback: { restored: flipped, conflicting: 0, failed: 0 },
      exceptions: [],
    });
    expect(flags()).toEqual(before);
    expect((await openLedger(world).readControls()).holds).toMatchObject({
      "2026.11": { action: "promote", rolloutId: "night", requestedBy: "Cutover" },
    });
    const after = writes();
    const { report: again } = await execute(world, ROLLBACK, { name: "three" });
    expect(again).toMatchObject({ status: "rolled-back", rollback: report?.rollback });
    expect(writes()).toBe(after);

    const { report: held } = await execute(world, { ...PROMOTE, id: "again" }, { name: "four" });
    const ann = { requestedBy: "ann", reason: "mended", at: "2026-11-23T00:00:00Z" };
    await openLedger(world).changeControls({ change: "clear-release", release: "2026.11", ...ann });
    const { report: cleared } = await execute(world, { ...PROMOTE, id: "later" }, { name: "five" });
    expect(held).toMatchObject({ status: "refused", problems: [{ code: "release-held", release: "2026.11" }] });
    expect(cleared).toMatchObject({ status: "succeeded" });
  });

  test("goes on as long as it comes further, be its parts shorter than a batch", async () => {
    const before = flags();
    await execute(world, PROMOTE, { name: "one" });
    const policy = { requestsPerSecond: 20, startRequestsPerSecond: 20, stepSeconds: 0.3, concurrency: 1 };

    const { report, operations } = await execute(world, ROLLBACK, { name: "two", policy });

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 20, failed: 0 } });
    expect(operations.filter((name) => name.startsWith("rollback-part")).length).toBeGreaterThan(2);
    expect(flags()).toEqual(before);
  });

  test("that was aborted an instant before its turn came restores no customer", async () => {
    await execute(world, PROMOTE, { name: "one" });
    const after = flags();
    const who = { requestedBy: "bob", reason: "not that one", at: "2026-11-23T00:00:00Z" };
    const sent = { id: "late", command: "abort", rollback: true, phase: "waiting" } as const;
    await openLedger(world).addCommand("back", { ...sent, ...who });

    const { report } = await execute(world, { ...ROLLBACK, id: "back" }, { name: "two" });

    expect(report).toMatchObject({ status: "aborted", rollback: { restored: 0, conflicting: 0 } });
    expect(report?.rollback?.failed).toBeGreaterThan(10);
    expect(flags()).toEqual(after);
  });

  test("or a retry that has no customer is refused, and holds nothing", async () => {
    for (const id of staged()) world.emulator.setStaging(id, false);
    await execute(world, PROMOTE, { name: "one" });

    for (const [event, problem] of [
      [ROLLBACK, { code: "nothing-flipped", rolloutId: "night" }],
      [
        { ...ROLLBACK, rolloutId: "noon" },
        { code: "unknown-rollout", rolloutId: "noon" },
      ],
      [
        { action: "rollback", release: "2025.1" },
        { code: "release-never-flipped", release: "2025.1" },
      ],
      [{ action: "retry", rolloutId: "night" }, { code: "none-left" }],
    ] as const) {
      const { report } = await execute(world, event, { name: problem.code });
      expect(report).toMatchObject({ status: "refused", problems: [problem] });
    }
    expect((await openLedger(world).readControls()).holds).toEqual({});
  });
});

describe("a rollback of a rollout that another one came after", () => {
  /** As after a worker that died before it could record what its flip came to. */
  async function loseOutcome(customerId: string): Promise<void> {
    const ledger = openLedger(world);
    const batch = await ledger.getBatch("night", 0);
    const outcomes = batch.outcomes.filter((one) => one.customerId !== customerId);
    await ledger.recordBatch({ ...batch, outcomes, intended: [customerId] });
  }

  test("leaves alone what both flipped, or the first may have flipped, and names the later one", async () => {
    const [lost = "", again = ""] = staged();
    await execute(world, PROMOTE, { name: "one" });
    await loseOutcome(lost);
    // Another system moves both back, and the later rollout moves them again.
    for (const id of [lost, again]) world.emulator.setStaging(id, true);
    const noon = await execute(world, { ...PROMOTE, id: "noon", release: "2026.12" }, { name: "noon" });
    expect(noon.report?.counts.flipped).toBe(2);

    const { report } = await execute(world, ROLLBACK, { name: "two" });

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 18, conflicting: 2, failed: 0 } });
    const reason = { code: "moved-by-later-rollout", rolloutId: "noon" };
    const named = [lost, again].map((customerId) =>
      expect.objectContaining({ customerId, reason: expect.objectContaining(reason) }),
    );
    expect(report?.exceptions).toEqual(expect.arrayContaining(named));
    expect(report?.exceptions).toHaveLength(2);
    for (const id of [lost, again]) expect(staged()).not.toContain(id);
  });

  describe("and had moved its customers on", () => {
    const STAGE = { action: "stage", release: "2026.12", targets: { all: true }, id: "stage" } as const;
    const ON = { ...PROMOTE, release: "2026.12", id: "on" } as const;
    const rollBack = async (rolloutId: string, name: string) =>
      (await execute(world, { ...ROLLBACK, rolloutId, id: name }, { name })).report;

    test("leaves them alone; once that one is turned back, the same rollback flips them back", async () => {
      const before = flags();
      await execute(world, STAGE, { name: "one" });
      await execute(world, ON, { name: "two" });

      const first = await rollBack("stage", "three");
      await rollBack("on", "four");
      const again = await rollBack("stage", "five");

      const moved = first?.rollback?.conflicting;
      expect(first?.rollback).toMatchObject({ restored: 0, failed: 0 });
      expect(first?.exceptions[0]?.reason).toMatchObject({ code: "moved-by-later-rollout", rolloutId: "on" });
      expect(again).toMatchObject({ rollback: { restored: moved, conflicting: 0, failed: 0 } });
      expect(moved).toBeGreaterThan(10);
      expect(flags()).toEqual(before);
    });
  });
});

describe("a retry", () => {
  /** From the second flip on, Evo Voice forgets what it is asked to write. */
  function loseWrites(): void {
    const off = world.emulator.onRequest(({ operation, phase }) => {
      if (operation !== POST || phase !== "answered") return;
      off();
      world.emulator.setFaults("lost-write=1");
    });
  }

  test("takes the customers that failed or were not attempted, and no other", async () => {
    const all = staged().length;
    loseWrites();
    const policy = { failureBudget: 2, concurrency: 1, onFailure: "halt" };
    const { report: first } = await execute(world, PROMOTE, { name: "one", policy });
    expect(first).toMatchObject({ status: "halted", counts: { flipped: 1, failed: 3, skipped: all - 4 } });
    world.emulator.setFaults("");
    const before = writes();

    const { report } = await execute(world, { action: "retry", rolloutId: "night" }, { name: "two" });

    expect(report).toMatchObject({ action: "retry", release: "2026.11", status: "succeeded", of: ["night"] });
    expect(report?.counts).toMatchObject({ flipped: all - 1, unchanged: 0, skipped: 0, failed: 0 });
    expect(writes() - before).toBe(all - 1);
    expect(staged()).toEqual([]);
  });
});

describe("a failure budget that is exceeded", () => {
  test("and an abort that comes too late to stop the flips: each customer is restored", async () => {
    const before = flags();
    const [gone = ""] = staged();
    const off = world.emulator.onRequest(async ({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "answered" || customerId === gone) return;
      off();
      world.emulator.removeCustomer(gone);
      before.delete(gone);
      const who = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T00:00:00Z" };
      await openLedger(world).addCommand("night", { id: "late", command: "abort", rollback: true, ...who });
    });

    const { report } = await execute(world, PROMOTE, { name: "one", policy: { failureBudget: 0 } });

    expect(report).toMatchObject({ status: "rolled-back", rollback: { failed: 0 } });
    expect(flags()).toEqual(before);
  });

  test("turns back what was flipped, and records who was not attempted", async () => {
    const before = flags();
    let posts = 0;
    const off = world.emulator.onRequest(({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "arrived") return;
      posts += 1;
      if (posts < 10) return;
      off();
      const [next = ""] = staged().filter((id) => id !== customerId);
      world.emulator.removeCustomer(next);
      before.delete(next);
    });

    const { report } = await execute(world, PROMOTE, { name: "one", policy: { failureBudget: 0, concurrency: 1 } });

    const { flipped = 0, skipped = 0 } = report?.counts ?? {};
    expect(report).toMatchObject({
      status: "rolled-back",
      problems: [{ code: "failure-budget", failed: 1, allowed: 0, planned: 20 }],
      counts: { failed: 1 },
      rollback: { restored: flipped, conflicting: 0, failed: 0 },
    });
    expect(flipped).toBeGreaterThanOrEqual(10);
    expect(flipped + skipped).toBeGreaterThanOrEqual(19);
    expect(flags()).toEqual(before);
  });
});
