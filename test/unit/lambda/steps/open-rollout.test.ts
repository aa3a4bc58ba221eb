import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { acceptDeployEvent } from "../../../../lambda/contract/accept-deploy-event.ts";
import { openRollout } from "../../../../lambda/steps/open-rollout.ts";
import { type ClosableLedgerWorld, openLedger, startLedgerWorld } from "../../../support/ledger.ts";
import { fakePorts } from "./fake-ports.ts";

let world: ClosableLedgerWorld;

beforeAll(async () => {
  world = await startLedgerWorld();
});
afterAll(() => world.close());

const EXECUTION = "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/promote-1f/0f3c";
const NOT_AFTER = "2026-11-23T02:00:00Z";

test("an event whose time ran out while its open step died holds no lock", async () => {
  const ledger = openLedger(world);
  const promote = { action: "promote", release: "1", targets: { all: true }, notAfter: NOT_AFTER };
  const event = acceptDeployEvent(promote, world.policy);
  const at = (time: string) => fakePorts(world, { customers: [], nowMs: () => Date.parse(time) });
  const dying = fakePorts(world, {
    customers: [],
    nowMs: () => Date.parse("2026-11-23T01:59:59Z"),
    ledger: {
      createRollout: () => {
        throw new Error("the worker died between the lock and the record");
      },
    },
  });
  await expect(openRollout(dying, event, EXECUTION)).rejects.toThrow("died");
  expect((await ledger.readControls()).lock).toMatchObject({ execution: EXECUTION });

  const opened = await openRollout(at("2026-11-23T02:00:01Z"), event, EXECUTION);

  expect(opened).toMatchObject({ kind: "answered", report: { status: "refused" } });
  expect((await ledger.readControls()).lock).toBeUndefined();
});

test("a rollout without an id of its own has the name of its execution", async () => {
  const dryRun = { action: "promote", release: "1", targets: { all: true }, dryRun: true };
  const event = acceptDeployEvent(dryRun, world.policy);

  const opened = await openRollout(fakePorts(world, { customers: [] }), event, EXECUTION.replace("1f", "2e"));

  expect(opened).toMatchObject({ kind: "opened", rolloutId: "promote-2e" });
});
