import { afterEach, expect, test } from "@jest/globals";
import { execute } from "../../support/execute.ts";
import { expectTrueOutcomes, rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

let world: World;

afterEach(() => world.close());

test("a rollout goes on, part by part, against a server that takes two requests a second", async () => {
  world = await startWorld({ customers: 20, faults: "rate-limit=2", stagingShare: 0.6 });
  const before = rememberFlags(world);
  const planned = new Set(
    [...world.emulator.customers()].flatMap(({ id, accountId }) => (accountId === world.emulator.accountId ? id : [])),
  );

  const { report, operations } = await execute(
    world,
    { action: "promote", release: "2026.11", targets: { all: true } },
    { policy: { stepSeconds: 2, concurrency: 2 } },
  );

  expect(report).toMatchObject({ status: "succeeded", counts: { failed: 0, skipped: 0 } });
  expect(operations.filter((name) => name.startsWith("flip-1-part-")).length).toBeGreaterThanOrEqual(3);
  if (report !== undefined) await expectTrueOutcomes(world, report, { before, planned });
});
