import { countOutcomes } from "../../lambda/core/flip/outcome.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { type Before, rememberFlags } from "../support/truth.ts";
import { readOutcomes, readReverts, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11.0", targets: { all: true } };
const ROLLBACK = { action: "rollback", rolloutId: "night" };

let world: World;
let before: Before;
let onStaging: number;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 0.5 });
  before = rememberFlags(world);
  onStaging = ours().filter(({ isStaging }) => isStaging).length;
});
afterEach(() => world.close());

const ours = () => [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);

async function run(event: object, name: string, limits: object = {}): Promise<Report> {
  const options = { name, policy: { settleSeconds: 1, onFailure: "halt", ...limits } };
  const { report, error } = await execute(world, { ...event, id: name }, options);
  expect(error).toBeUndefined();
  return report as Report;
}

test("when readings lag, a stage right after a promote, and its rollback, move every customer", async () => {
  world.emulator.setFaults("read-lag=700");
  expect(await run(PROMOTE, "night")).toMatchObject({ status: "succeeded", counts: { flipped: onStaging } });
  expect(await run({ ...PROMOTE, action: "stage" }, "day")).toMatchObject({ status: "succeeded" });
  expect(ours().filter(({ isStaging }) => !isStaging)).toEqual([]);

  expect(await run({ ...ROLLBACK, rolloutId: "day" }, "back")).toMatchObject({
    ...{ status: "rolled-back", rollback: { restored: ours().length, conflicting: 0, failed: 0 } },
  });
  expect(ours().filter(({ isStaging }) => isStaging)).toEqual([]);
});

const STATUSES = [400, 403, 404, 409, 412];

test.each([
  ["that follows its reply later", () => world.emulator.setFaults("write-lag=700")],
  [
    "that is done and answered with an error of the request",
    () =>
      world.emulator.onRequest(({ phase }) => {
        if (phase === "written") world.emulator.setFaults(`done-but=${STATUSES[countWrites() % STATUSES.length]}`);
      }),
  ],
])("a flip %s counts, and a rollback right after it restores it", async (_how, arrange) => {
  arrange();
  expect(await run(PROMOTE, "night")).toMatchObject({ status: "succeeded", counts: { flipped: onStaging, failed: 0 } });
  expect(ours().filter(({ isStaging }) => isStaging)).toEqual([]);

  expect(await run(ROLLBACK, "back")).toMatchObject({ status: "rolled-back", rollback: { restored: onStaging } });
  expect(rememberFlags(world)).toEqual(before);
});

test("customers whose flip was not applied have failed, and the gate counts them", async () => {
  world.emulator.setFaults("apply-silently-not");

  const report = await run(PROMOTE, "night");

  expect(report).toMatchObject({
    status: "halted",
    problems: [{ code: "failure-budget", failed: onStaging }],
    counts: { flipped: 0, failed: onStaging },
  });
  const [outcome] = (await readOutcomes(world, "night")).values();
  expect(outcome?.reason).toMatchObject({ code: "not-applied", isStaging: true });
  expect(world.eventBridge.events()).toContainEqual(
    expect.objectContaining({
      detail: expect.objectContaining({ change: "wave done", counts: expect.objectContaining({ failed: onStaging }) }),
    }),
  );
});

test("a flip that is applied on the second try only is flipped", async () => {
  world.emulator.setFaults("apply-silently-not");
  const off = world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "ListCustomers" || phase !== "arrived" || countWrites() < onStaging) return;
    off();
    world.emulator.setFaults("");
  });

  expect(await run(PROMOTE, "night")).toMatchObject({ status: "succeeded", counts: { flipped: onStaging, failed: 0 } });
  expect(ours().filter(({ isStaging }) => isStaging)).toEqual([]);
});

const countWrites = () => world.emulator.stats().requests.SetCustomerStagingMode ?? 0;

/** Calls at the last request that sets a flag, once every other one was answered. */
function atLastWrite(then: () => Promise<unknown>): void {
  const last = countWrites() + onStaging;
  let writes = countWrites();
  world.emulator.onRequest(async ({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
    writes += 1;
    if (writes === last) await then();
  });
}

const order = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T00:00:00Z" } as const;
const abort = (name: string) =>
  openLedger(world).addCommand(name, { id: "abort", command: "abort", rollback: false, ...order });
const subjects = () => world.sns.messages().map(({ subject }) => subject);

describe("a rollout that is stopped and not rolled back is read once more", () => {
  test("when its failure budget ends it, hidden flips are counted", async () => {
    world.emulator.setFaults("done-but=400,read-lag=700");

    const report = await run(PROMOTE, "night", { failureBudget: 3, smallestSample: 1 });

    const flipped = onStaging - ours().filter(({ isStaging }) => isStaging).length;
    expect(report).toMatchObject({ status: "halted", counts: { flipped, failed: 0 } });
    expect(subjects()).toEqual([expect.stringMatching(new RegExp(`critical: .* ${flipped} customers stay flipped`))]);
  });

  test("when a person aborts it, flips that were not applied are in doubt", async () => {
    world.emulator.setFaults("apply-silently-not");
    atLastWrite(() => abort("night"));

    expect(await run(PROMOTE, "night")).toMatchObject({ status: "aborted", counts: { flipped: 0, failed: onStaging } });
    expect(subjects()).toEqual([expect.stringContaining(`${onStaging} customers stay or may be flipped`)]);
  });
});

test("writes that come after their client gave up are undone when a rollout is aborted", async () => {
  const lateMs = 1_400;
  world.emulator.setFaults(`late-write=60%,late-after=${lateMs}`);
  let writes = 0;
  world.emulator.onRequest(async ({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived" || ++writes !== 3) return;
    await openLedger(world).addCommand("night", { id: "abort", command: "abort", rollback: true, ...order });
  });

  const report = await run(PROMOTE, "night", { retries: { requestTimeoutMs: 1_000, mostBackoffMs: 20 } });

  expect(report).toMatchObject({ status: "rolled-back" });
  expect(report.exceptions.filter(({ reason }) => reason.code === "not-attempted").length).toBe(report.counts.skipped);
  world.emulator.skip(lateMs);
  expect(rememberFlags(world)).toEqual(before);
});

test("when a verification breaks off, the report counts what the ledger has", async () => {
  await world.close();
  world = await startWorld({ customers: 300, stagingShare: 1 });
  onStaging = ours().filter(({ isStaging }) => isStaging).length;
  world.emulator.setFaults("apply-silently-not");
  let lists = 0;
  world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "ListCustomers" || phase !== "arrived" || countWrites() < onStaging) return;
    lists += 1;
    if (lists < 4) return;
    world.emulator.setFaults("wrong-password");
    world.emulator.endSessions();
  });

  const { status, counts } = await run(PROMOTE, "night", { failureBudget: "100%" });

  const outcomes = [...(await readOutcomes(world, "night")).values()];
  expect(counts).toEqual(countOutcomes(outcomes));
  expect({ status, isBetween: counts.failed > 0 && counts.failed < onStaging }).toEqual({
    ...{ status: "failed", isBetween: true },
  });
});

test("a rollback that is aborted while it is verified names what is not restored", async () => {
  await run(PROMOTE, "night");
  world.emulator.setFaults("apply-silently-not");
  atLastWrite(() => abort("back"));

  expect(await run(ROLLBACK, "back")).toMatchObject({
    status: "aborted",
    rollback: { restored: 0, failed: onStaging },
    problems: [{ code: "rollback-ended-early" }],
  });
});

test.each([PROMOTE, ROLLBACK])(
  "no flag is sent again to a customer that is protected by then: $action",
  async (event) => {
    if (event === ROLLBACK) await run(PROMOTE, "night");
    world.emulator.setFaults("apply-silently-not");
    atLastWrite(() => {
      world.emulator.setFaults("");
      const customerIds = ours().map(({ id }) => id);
      return openLedger(world).changeControls({ change: "protect", customerIds, ...order }, "protect");
    });
    const writes = countWrites();

    await run(event, "last", { retries: { requestTimeoutMs: 10_000, mostBackoffMs: 20 } });

    expect(countWrites() - writes).toBe(onStaging);
  },
);

test("a rollback that is sent again leaves what a later rollout has moved", async () => {
  await run(PROMOTE, "night");
  await run(ROLLBACK, "back");
  await run({ ...PROMOTE, release: "2026.12.0" }, "next");

  expect(await run(ROLLBACK, "again")).toMatchObject({
    rollback: { restored: 0, conflicting: onStaging, failed: 0 },
    exceptions: expect.arrayContaining([
      expect.objectContaining({ reason: expect.objectContaining({ code: "moved-by-later-rollout" }) }),
    ]),
  });
  expect(ours().filter(({ isStaging }) => isStaging)).toEqual([]);
});

describe("a rollback by release", () => {
  const BY_RELEASE = { action: "rollback", release: "2026.11.0" };

  test("takes the rollout that flipped, and newer ones that only may have", async () => {
    const some = ours()
      .flatMap(({ id, isStaging }) => (isStaging ? id : []))
      .slice(0, 5);
    await run({ ...PROMOTE, targets: { customerIds: some } }, "first");
    world.emulator.setFaults("apply-silently-not");
    await run(PROMOTE, "second");
    world.emulator.setFaults("");

    expect(await run(BY_RELEASE, "back")).toMatchObject({ of: ["second", "first"], rollback: { restored: onStaging } });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("counts a customer of a rollout and of its retry once", async () => {
    world.emulator.setFaults("apply-silently-not");
    await run(PROMOTE, "first");
    world.emulator.setFaults("");
    await run({ action: "retry", rolloutId: "first" }, "second");

    expect(await run(BY_RELEASE, "back")).toMatchObject({ of: ["second", "first"], rollback: { restored: onStaging } });
    const [left] = (await readReverts(world, "first")).values();
    expect(left).toMatchObject({ outcome: "unchanged", reason: { code: "restored-with-newer" } });
  });
});
