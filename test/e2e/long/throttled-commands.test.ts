import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, expect, test } from "../../support/jest.ts";
import { atFlip, type Moments, watchMoments } from "../../support/moments.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;

let world: World;
let moments: Moments;

beforeEach(async () => {
  world = await startWorld({ customers: 60, stagingShare: 1, policy: { concurrency: 4 } });
  moments = await watchMoments(world);
});
afterEach(() => moments.close().finally(() => world.close()));

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
