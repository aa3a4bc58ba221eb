import { afterEach, expect, test } from "../../support/jest.ts";
import { createKilledWorker, type KilledWorker } from "../../support/killed-worker.ts";
import { openLedger } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 5 }, { rest: true, approval: { hours: 168 } }] },
} as const;

let world: World;
let worker: KilledWorker;

afterEach(async () => {
  await worker.kill();
  worker.close();
  await world.close();
});

test("a worker killed while it waits for an approval takes the answer that came meanwhile", async () => {
  world = await startWorld({ customers: 40, stagingShare: 1 });
  worker = createKilledWorker(world, PROMOTE);
  const ledger = openLedger(world);
  const killed = worker.run();
  while ((await ledger.findGateState("night")) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  while ((await ledger.findRollout("night"))?.lastEvent?.change !== "approval asked")
    await new Promise((resolve) => setTimeout(resolve, 5));
  await worker.kill();
  expect(await killed).toBeUndefined();
  const said = { requestedBy: "ann", reason: "the pilots are happy", at: "2026-11-23T02:00:00.000Z" };
  await ledger.addCommand("night", { id: "1", command: "approve", wave: 2, ...said });

  const report = await worker.run();

  expect(report).toMatchObject({
    status: "succeeded",
    counts: { flipped: 40 },
    waves: [{}, { approval: { by: "ann" } }],
  });
  expect(world.emulator.stats().requests.SetCustomerStagingMode).toBe(40);
});
