import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Report } from "../../lambda/rollout/report.ts";
import { renderReport } from "../../lambda/rollout/report-text.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 3, bakeMinutes: 1 }, { rest: true }] },
};

let door: FrontDoor;

beforeEach(async () => {
  door = await openFrontDoor({ customers: 40, stagingShare: 0.5, policy: { childrenFollow: false } });
});
afterEach(() => door.close());

/** Asks in the middle of the rollout, while this flip is held. */
async function askAtFlip(nth: number, before: () => Promise<unknown> = async () => {}): Promise<Report> {
  let flips = 0;
  const asked = new Promise<unknown>((resolve, reject) => {
    door.world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
      flips += 1;
      if (flips !== nth) return;
      await before()
        .then(() => door.send({ command: "status", rolloutId: "night" }))
        .then(resolve, reject);
    });
  });
  await door.send(PROMOTE);
  const answer = await asked;
  await door.world.executions.settled();
  return answer as Report;
}

test("in the middle of its second wave, a rollout says so, with its plan and what is flipped so far", async () => {
  const report = await askAtFlip(4);
  expect(report).toMatchObject({
    status: "running",
    now: { phase: "flipping", wave: 2, heldBy: [], noted: [] },
    plan: { waves: [{ wave: 1, customers: 3, bakeSeconds: 60 }, { wave: 2 }] },
  });
  expect(report.counts.flipped).toBe(3);
  const text = renderReport(report, { colour: false });
  expect(text).toMatch(/\nnow\n {2}flips, wave 2 of 2, since 20/);
  expect(text).toMatch(/\n {2}1 {2}3 customers, baked 1 min, went on\n {2}2 {2}\d+ customers, flipping\n/);
});

test("who sent what holds it, and what will end it, is told before the worker has taken it in", async () => {
  const by = { rolloutId: "night", requestedBy: "ann" };
  const report = await askAtFlip(1, async () => {
    await door.send({ ...by, command: "pause", minutes: 10, reason: "a look at the graphs" });
    await door.send({ ...by, command: "abort", rollback: false, reason: "enough" });
  });
  expect(report.now).toMatchObject({
    phase: "flipping",
    wave: 1,
    heldBy: [expect.stringMatching(/^paused by ann until 20.* at most: a look at the graphs$/)],
    noted: [expect.stringMatching(/^to be aborted, nobody is flipped back, by ann at 20.*: enough$/)],
  });
});

test("a rollout that is turned back says how far it is", async () => {
  const before = await askAtFlip(1, () =>
    door.send({ command: "abort", rolloutId: "night", requestedBy: "ann", reason: "wrong release" }),
  );
  expect(before.reverted).toBeUndefined();
  const after = (await door.send({ command: "status", rolloutId: "night" })) as unknown as Report;
  expect(after).toMatchObject({ status: "rolled-back", reverted: { left: 0 } });
  expect(after.now).toBeUndefined();
});
