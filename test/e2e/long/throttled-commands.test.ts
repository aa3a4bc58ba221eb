import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execute } from "../../support/execute.ts";
import { atFlip, type Moments, watchMoments } from "../../support/moments.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ORDER = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" } as const;

let world: World;
let moments: Moments;

beforeEach(async () => {
  world = await startWorld({ customers: 60, stagingShare: 1, policy: { concurrency: 4 } });
  moments = await watchMoments(world);
});
afterEach(() => moments.close().finally(() => world.close()));

/** From the tenth flip on Evo Voice answers nothing but 429: the batch would go on until its part's ten minutes are over. */
function throttle(act: () => Promise<unknown>): void {
  atFlip(world, { flag: false, n: 10 }, async () => {
    world.emulator.setFaults("too-many=1,retry-after=0");
    await act();
  });
}

test("an abort ends a batch that is throttled, a few seconds later, and turns back what was flipped", async () => {
  const before = rememberFlags(world);
  throttle(() => moments.send({ command: "abort", rollback: true }));
  moments.onLook(({ stage, n }) => {
    if (stage === "flipping" && n === 2) world.emulator.setFaults("");
  });

  const { report } = await execute(world, PROMOTE, { name: "night" });

  const { flipped = 0, skipped } = report?.counts ?? {};
  expect(report).toMatchObject({
    status: "rolled-back",
    problems: [{ code: "aborted", by: "ann", why: "calls drop" }],
    counts: { failed: 0 },
  });
  expect(flipped).toBeLessThan(15);
  expect(skipped).toBe(60 - flipped);
  expect(report?.rollback).toEqual({ restored: flipped, conflicting: 0, left: 0 });
  expect(rememberFlags(world)).toEqual(before);
});

test("an abort ends a lookup that is throttled, a few seconds later, with nobody flipped", async () => {
  const off = world.emulator.onRequest(async ({ operation, phase }) => {
    if (operation !== "ListCustomers" || phase !== "arrived") return;
    off();
    world.emulator.setFaults("too-many=1,retry-after=300");
    await moments.send({ command: "abort", rollback: true });
  });

  const { report, operations } = await execute(world, PROMOTE, { name: "night" });

  expect(report).toMatchObject({
    status: "aborted",
    problems: [{ code: "aborted", by: "ann", why: "calls drop" }],
    counts: { flipped: 0, skipped: 0 },
  });
  expect(operations.filter((name) => name.startsWith("look-up"))).toEqual(["look-up-1"]);
  expect(world.emulator.stats().requests.SetCustomerStagingMode).toBeUndefined();
});

test("an abort ends the minutes that Evo Voice told a batch to wait", async () => {
  const before = rememberFlags(world);
  atFlip(world, { flag: false, n: 10 }, async () => {
    world.emulator.setFaults("too-many=1,retry-after=300");
    await moments.send({ command: "abort", rollback: true });
  });
  moments.onLook(({ stage, n }) => {
    if (stage === "flipping" && n === 2) world.emulator.setFaults("");
  });

  const { report } = await execute(world, PROMOTE, { name: "night" });

  expect(report).toMatchObject({
    status: "rolled-back",
    problems: [{ code: "aborted", by: "ann", why: "calls drop" }],
    counts: { failed: 0 },
  });
  expect(rememberFlags(world)).toEqual(before);
});

test("the stop switch holds a batch that is throttled, and the rest of it is flipped when that is over", async () => {
  throttle(() => moments.ledger.setStopped(ORDER));
  let looks = 0;
  moments.onLook(async ({ stage }) => {
    if (stage !== "flipping") return;
    looks += 1;
    if (looks < 5) return;
    world.emulator.setFaults("");
    await moments.ledger.clearStopped(ORDER);
  });

  const { report, operations } = await execute(world, PROMOTE, { name: "night" });

  expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 60, failed: 0 } });
  expect(operations).toContain("hold-flip-1-part-1");
});
