import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Report } from "../../lambda/core/report/report.ts";
import { execute } from "../support/execute.ts";
import { type Before, rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

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

/** Where the emulator lags, it lags in real time: then the waits are real. */
async function run(event: object, name: string, lags = false): Promise<Report> {
  const options = { name, policy: { settleSeconds: 1, onFailure: "halt" }, skipWaits: !lags };
  const { report, error } = await execute(world, { ...event, id: name }, options);
  expect(error).toBeUndefined();
  return report as Report;
}

test("when readings lag, a rollback right after the promote restores every customer", async () => {
  world.emulator.setFaults("read-lag=700");
  expect(await run(PROMOTE, "night", true)).toMatchObject({ status: "succeeded", counts: { flipped: onStaging } });

  const report = await run(ROLLBACK, "back", true);

  expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: onStaging, conflicting: 0, failed: 0 } });
  expect(rememberFlags(world)).toEqual(before);
});

test("when writes follow their replies later, a rollback right after restores every customer", async () => {
  world.emulator.setFaults("write-lag=700");
  expect(await run(PROMOTE, "night", true)).toMatchObject({ status: "succeeded", counts: { flipped: onStaging } });

  expect(await run(ROLLBACK, "back", true)).toMatchObject({ status: "rolled-back", rollback: { restored: onStaging } });
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

test.each([400, 403, 404, 409, 412])(
  "a flip that is done and answered %i is flipped, and is restored",
  async (status) => {
    world.emulator.setFaults(`done-but=${status}`);
    expect(await run(PROMOTE, "night")).toMatchObject({
      status: "succeeded",
      counts: { flipped: onStaging, failed: 0 },
    });
    expect(ours().filter(({ isStaging }) => isStaging)).toEqual([]);

    expect(await run(ROLLBACK, "back")).toMatchObject({ status: "rolled-back", rollback: { restored: onStaging } });
    expect(rememberFlags(world)).toEqual(before);
  },
);
