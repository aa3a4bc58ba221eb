import { renderReport } from "../../../../lambda/core/report/render-report.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import type { FrontDoorPorts } from "../../../../lambda/front-door/ports.ts";
import { readStatus } from "../../../../lambda/front-door/read-status.ts";
import { type FrontDoor, openFrontDoor } from "../../../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { openLedger } from "../../../support/ledger.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 3, bakeMinutes: 1 }, { rest: true }] },
};

let door: FrontDoor;

beforeEach(async () => {
  door = await openFrontDoor({ customers: 40, stagingShare: 0.5 });
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

test("a rollout in its second wave says so, with its plan and its counts so far", async () => {
  const report = await askAtFlip(4);
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

test.each(["terminal", "plain", "markdown"] as const)(
  "has the report as text for people on request: %s",
  async (format) => {
    await door.send(PROMOTE);
    await door.world.executions.settled();
    const asked = { command: "status", rolloutId: "night" };
    const report = (await door.send(asked)) as Report;
    expect(report).not.toHaveProperty("text");
    expect(await door.send({ ...asked, format })).toEqual({ ...report, text: renderReport(report, format) });
  },
);

test("names the commands that the worker has not taken in, with their senders", async () => {
  const by = { rolloutId: "night", requestedBy: "ann" };
  const report = await askAtFlip(1, async () => {
    await door.send({ ...by, command: "pause", minutes: 10, reason: "a look at the graphs" });
    await door.send({ ...by, command: "abort", rollback: false, reason: "enough" });
  });
  expect(report.progress).toMatchObject({
    phase: "flipping",
    wave: 1,
    heldBy: [],
    noted: [
      {
        code: "command-noted",
        message: expect.stringMatching(/^pause for 10 min, sent by ann at 20.*: a look at the graphs$/),
      },
      {
        code: "command-noted",
        message: expect.stringMatching(/^abort without a rollback, sent by ann at 20.*: enough$/),
      },
    ],
  });
});

test("a rollout that is rolled back says how far the rollback has come", async () => {
  const before = await askAtFlip(1, () =>
    door.send({ command: "abort", rolloutId: "night", requestedBy: "ann", reason: "wrong release" }),
  );
  expect(before.rollback).toBeUndefined();
  const after = (await door.send({ command: "status", rolloutId: "night" })) as unknown as Report;
  expect(after).toMatchObject({ status: "rolled-back", rollback: { failed: 0 } });
  expect(after).toMatchObject({ next: [{ send: { command: "clear-release", release: PROMOTE.release } }] });
  expect(before).toMatchObject({ next: [{ send: { command: "abort", rolloutId: "night" } }] });
  expect(after.progress).toBeUndefined();
});

describe("a rollout that a later one turns back says so:", () => {
  const BACK = { action: "rollback", rolloutId: "night", id: "back", requestedBy: "ann", reason: "calls drop" };
  const CLEAR = { command: "clear-release", release: PROMOTE.release };

  async function promote(): Promise<number> {
    await door.send(PROMOTE);
    await door.world.executions.settled();
    return (await ask()).counts.flipped;
  }
  async function rollBack(event: object = BACK): Promise<Report> {
    const { rolloutId } = await door.send(event);
    await door.world.executions.settled();
    return ask(rolloutId);
  }
  const ask = async (rolloutId = "night") =>
    (await door.send({ command: "status", rolloutId })) as unknown as Report & { readonly next?: unknown };
  const ours = () => {
    const { emulator } = door.world;
    return [...emulator.customers()].filter(({ accountId, writes }) => accountId === emulator.accountId && writes > 0);
  };

  test("by which, the counts, the conflicting customer, and the hold until it is cleared", async () => {
    const flipped = await promote();
    const [moved] = ours();
    await door.send({ command: "protect", customerIds: [moved?.id], requestedBy: "ann", reason: "a VIP" });
    const { rollback } = await rollBack();

    const report = await ask();
    await door.send({ ...CLEAR, requestedBy: "ann", reason: "mended" });
    const cleared = await ask();

    expect(report).toMatchObject({
      ...{ status: "succeeded", counts: { flipped }, held: true, next: [{ send: CLEAR }] },
      rolledBackBy: { rolloutId: "back", status: "rolled-back" },
      rollback: { restored: flipped - 1, conflicting: 1, failed: 0 },
      exceptions: [{ customerId: moved?.id, outcome: "conflicting", reason: { code: "protected-by-control" } }],
      moreExceptions: 0,
    });
    expect(report.rollback).toEqual(rollback);
    expect(report.next).toHaveLength(1);
    const text = renderReport(report, "terminal");
    expect(text).toMatch(/^promote 2026.11 {3}succeeded, later rolled back\n/);
    expect(text).toMatch(/\nrollback by back\n {2}restored +\d+\n {2}conflicting +1\n {2}failed +0\n/);
    expect(cleared).not.toHaveProperty("next");
  });

  test("which customers were not restored, and that the rollback sent again continues", async () => {
    const flipped = await promote();
    door.world.emulator.setFaults("lost-write=1");
    await rollBack();
    door.world.emulator.setFaults("");
    const logged = door.world.logs().map((line) => JSON.parse(line));
    const waits = logged.filter(({ message, rolloutId }) => message === "rollout waits" && rolloutId === "back");

    const report = await ask();
    const [, again] = report.next as readonly { readonly send: object }[];
    await rollBack({ ...again?.send, id: "again" });

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
    expect(await ask()).toMatchObject({
      rolledBackBy: { rolloutId: "again" },
      rollback: { restored: flipped, failed: 0 },
      exceptions: [],
      next: [{ send: CLEAR }],
    });
  });

  test("while that goes on, too, with the numbers that it has itself, and how to hear more", async () => {
    const flipped = await promote();
    let posts = 0;
    const heard = new Promise<readonly Awaited<ReturnType<typeof ask>>[]>((resolve, reject) => {
      door.world.emulator.onRequest(async ({ operation, phase }) => {
        if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
        posts += 1;
        if (posts === flipped) await Promise.all([ask(), ask("back")]).then(resolve, reject);
      });
    });
    await rollBack();

    const [report, back] = await heard;

    expect(report).toMatchObject({
      ...{ status: "succeeded", rolledBackBy: { rolloutId: "back", status: "running" } },
      rollback: { conflicting: 0 },
      next: [{ send: { command: "status", rolloutId: "back" } }],
    });
    expect(report?.next).toHaveLength(1);
    expect(report?.rollback?.failed).toBeGreaterThan(0);
    expect(report?.rollback).toEqual(back?.rollback);
    expect(renderReport(report as Report, "terminal")).toMatch(/\nrollback by back\n/);
  });

  test("a dry run of a rollback is none; and without any, no batch is read", async () => {
    await promote();
    await rollBack({ ...BACK, dryRun: true });
    const none = () => {
      throw new Error("this must not be read");
    };
    const ledger = { ...openLedger(door.world), readBatches: none, readControls: none, readOutcomes: none };

    const report = await readStatus({ ledger } as unknown as FrontDoorPorts, { rolloutId: "night" });

    expect(report).toMatchObject({ status: "succeeded" });
    expect(report).not.toHaveProperty("rollback");
    expect(report).not.toHaveProperty("rolledBackBy");
  });
});
