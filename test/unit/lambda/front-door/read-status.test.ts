import { renderReport } from "../../../../lambda/core/report/render-report.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import type { FrontDoorPorts } from "../../../../lambda/front-door/ports.ts";
import { readStatus } from "../../../../lambda/front-door/read-status.ts";
import { type FrontDoor, openFrontDoor } from "../../../support/front-door.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../../support/jest.ts";
import { openLedger } from "../../../support/ledger.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 3, bakeMinutes: 1 }, { rest: true }] },
};
const BACK = { action: "rollback", rolloutId: "night", id: "back", requestedBy: "ann", reason: "calls drop" };
const CLEAR = { command: "clear-release", release: PROMOTE.release };

type Status = Report & { readonly next?: readonly { readonly send: object }[] };

let door: FrontDoor;

beforeAll(async () => {
  door = await openFrontDoor({ customers: 16, stagingShare: 0.5 });
});
afterAll(() => door.close());

const ask = async (rolloutId = "night") => (await door.send({ command: "status", rolloutId })) as unknown as Status;

/** Sends an event, and asks while this flip of its rollout is held. */
async function askAtFlip<Answer>(event: object, nth: number, question: () => Promise<Answer>): Promise<Answer> {
  let flips = 0;
  const asked = new Promise<Answer>((resolve, reject) => {
    door.world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
      flips += 1;
      if (flips === nth) await question().then(resolve, reject);
    });
  });
  await run(event);
  return asked;
}

async function run(event: object): Promise<void> {
  await door.send(event);
  await door.world.executions.settled();
}

describe("the status of a rollout", () => {
  let flipped: number;

  test("in its second wave has the wave, the plan and the counts so far", async () => {
    const report = await askAtFlip(PROMOTE, 4, ask);
    flipped = (await ask()).counts.flipped;

    expect(report).toMatchObject({
      status: "running",
      progress: { phase: "flipping", wave: 2, heldBy: [], noted: [] },
      plan: { waves: [{ wave: 1, customers: 3, bakeSeconds: 60 }, { wave: 2 }] },
    });
    expect(report.counts.flipped).toBe(3);
    const text = renderReport(report, "terminal");
    expect(text).toMatch(/\nnow\n {2}flips, wave 2 of 2, since 20/);
    expect(text).toMatch(/\n {2}1 {2}3 customers, proceeded\n {2}2 {2}\d+ customers, flipping\n/);
  });

  test.each(["terminal", "plain", "markdown"] as const)("has the text for people on request: %s", async (format) => {
    const report = await ask();
    expect(report).not.toHaveProperty("text");
    const asked = { command: "status", rolloutId: "night", format };
    expect(await door.send(asked)).toEqual({ ...report, text: renderReport(report, format) });
  });

  test("names no dry run of a rollback; and without a rollback, no batch is read", async () => {
    await run({ ...BACK, id: "dry", dryRun: true });
    const none = () => {
      throw new Error("this must not be read");
    };
    const ledger = { ...openLedger(door.world), readBatches: none, readControls: none, readOutcomes: none };

    const report = await readStatus({ ledger } as unknown as FrontDoorPorts, { rolloutId: "night" });

    expect(report).toMatchObject({ status: "succeeded" });
    expect(report).not.toHaveProperty("rollback");
    expect(report).not.toHaveProperty("rolledBackBy");
  });

  test("says which customers a rollback did not restore, and how to continue it", async () => {
    door.world.emulator.setFaults("lost-write=1");
    await run(BACK);
    door.world.emulator.setFaults("");
    const logged = door.world.logs().map((line) => JSON.parse(line));
    const waits = logged.filter(({ message, rolloutId }) => message === "rollout waits" && rolloutId === "back");

    const report = await ask();

    expect(report).toMatchObject({
      rolledBackBy: { rolloutId: "back", status: "rolled-back" },
      rollback: { restored: 0, conflicting: 0, failed: flipped },
      next: [{ say: expect.stringContaining("named above") }, { send: { action: "rollback", rolloutId: "night" } }],
    });
    expect(report.exceptions[0]).toMatchObject({ outcome: "not-restored", reason: { code: "not-applied" } });
    expect(new Set(waits.map(({ heldBy }) => heldBy))).toEqual(
      new Set(["the wait before the next try", "nothing any more"]),
    );
    expect(renderReport(report, "terminal")).toContain(`succeeded, later rolled back, ${flipped} not restored\n`);
  });

  test("says by which rollback, with its counts now and at its end, until the hold is cleared", async () => {
    const { emulator } = door.world;
    const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
    const moved = ours.find(({ writes }) => writes > 0);
    await door.send({ command: "protect", customerIds: [moved?.id], requestedBy: "ann", reason: "a VIP" });
    const again = { ...(await ask()).next?.[1]?.send, id: "again" };
    const [during, rollback] = await askAtFlip(again, flipped - 1, () => Promise.all([ask(), ask("again")]));

    const report = await ask();
    await door.send({ ...CLEAR, requestedBy: "ann", reason: "mended" });

    expect(during).toMatchObject({
      ...{ status: "succeeded", rolledBackBy: { rolloutId: "again", status: "running" } },
      next: [{ send: { command: "status", rolloutId: "again" } }],
    });
    expect(during.next).toHaveLength(1);
    expect(during.rollback?.failed).toBeGreaterThan(0);
    expect(during.rollback).toEqual(rollback.rollback);
    expect(renderReport(during, "terminal")).toMatch(/\nrollback by again\n/);
    expect(report).toMatchObject({
      ...{ status: "succeeded", counts: { flipped }, held: true, next: [{ send: CLEAR }] },
      rolledBackBy: { rolloutId: "again", status: "rolled-back" },
      rollback: { restored: flipped - 1, conflicting: 1, failed: 0 },
      exceptions: [{ customerId: moved?.id, outcome: "conflicting", reason: { code: "protected-by-control" } }],
      moreExceptions: 0,
    });
    expect(report.rollback).toEqual((await ask("again")).rollback);
    expect(report.next).toHaveLength(1);
    const text = renderReport(report, "terminal");
    expect(text).toMatch(/^promote 2026.11 {3}succeeded, later rolled back\n/);
    expect(text).toMatch(/\nrollback by again\n {2}restored +\d+\n {2}conflicting +1\n {2}failed +0\n/);
    expect(await ask()).not.toHaveProperty("next");
  });
});

test("a rollout that is aborted names the commands that it has yet to apply, then its rollback", async () => {
  const by = { rolloutId: "noon", requestedBy: "ann" };
  const before = await askAtFlip({ ...PROMOTE, release: "2026.12", id: "noon" }, 1, async () => {
    await door.send({ ...by, command: "pause", minutes: 10, reason: "a look at the graphs" });
    await door.send({ ...by, command: "abort", reason: "wrong release" });
    return ask("noon");
  });
  const after = await ask("noon");

  const message = (text: RegExp) => ({ code: "command-noted", message: expect.stringMatching(text) });
  expect(before).toMatchObject({
    progress: {
      ...{ phase: "flipping", wave: 1, heldBy: [] },
      noted: [
        message(/^pause for 10 min, sent by ann at 20.*: a look at the graphs$/),
        message(/^abort with a rollback, sent by ann at 20.*: wrong release$/),
      ],
    },
    next: expect.arrayContaining([expect.objectContaining({ send: expect.objectContaining({ command: "abort" }) })]),
  });
  expect(before).not.toHaveProperty("rollback");
  expect(after).toMatchObject({
    ...{ status: "rolled-back", rollback: { failed: 0 } },
    next: [{ send: { command: "clear-release", release: "2026.12" } }],
  });
  expect(after).not.toHaveProperty("progress");
});
