import { parsePolicy } from "../../../../lambda/config.ts";
import { fingerprintOf } from "../../../../lambda/contract/deploy-event.ts";
import type { Hold } from "../../../../lambda/core/controls.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import type { RolloutRecord } from "../../../../lambda/core/rollout-record.ts";
import { ControlsError } from "../../../../lambda/front-door/check-controls.ts";
import type { StartRolloutPorts } from "../../../../lambda/front-door/ports.ts";
import { startRollout } from "../../../../lambda/front-door/start-rollout.ts";
import { beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { anEvent, aPolicy } from "../contract/an-event.ts";
import { useTable } from "../ledger/use-table.ts";

const VIA = { qualifier: "start" } as const;
const ANN = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };

const { ledger } = useTable();
let started: string[];
let ports: StartRolloutPorts;

beforeEach(async () => {
  started = [];
  ports = {
    policy: parsePolicy(aPolicy()),
    ledger,
    executions: {
      findEnd: async (execution) => ({ running: execution !== "ended" }),
      start: async (name) => {
        started.push(name);
        return { kind: "started" };
      },
    },
    log: { info: () => {} },
    nowMs: Date.now,
  };
});

function start(changes: Readonly<Record<string, unknown>> = {}) {
  return startRollout(ports, anEvent(changes), VIA);
}

/** A retry or a rollback, which names a rollout and no targets. */
function startLater(event: Readonly<Record<string, unknown>>) {
  return startRollout(ports, event, VIA);
}

const retry = (rolloutId: string) => startLater({ action: "retry", rolloutId });

function hold(by: Pick<Hold, "action" | "rolloutId">) {
  return ledger.changeControls({ ...ANN, change: "hold-release", release: "2026.11.0", hold: by });
}

async function record(
  rolloutId: string,
  event: Readonly<Record<string, unknown>>,
  ...[status = "partial", source]: readonly [status?: string, source?: object]
): Promise<void> {
  const facts = { rolloutId, event, fingerprint: fingerprint(event), execution: "arn", startedAtMs: 1, status, source };
  await ledger.createRollout(facts as unknown as RolloutRecord);
}

function fingerprint(event: Readonly<Record<string, unknown>>): string {
  return fingerprintOf({ ...event, targets: [{ all: true }], dryRun: false } as never);
}

async function expectRefused(starting: Promise<unknown>, message: string | RegExp): Promise<void> {
  await expect(starting).rejects.toThrow(message);
  await expect(starting).rejects.toBeInstanceOf(ControlsError);
  expect(started).toEqual([]);
}

describe("while everything is stopped", () => {
  beforeEach(() => ledger.changeControls({ ...ANN, change: "stop-everything" }));

  test.each(["stage", "promote"])("an event to %s is refused with who stopped it, why, and what ends it", (action) =>
    expectRefused(
      start({ action }),
      'nothing was done: everything is stopped, by ann since 2026-11-23 02:00:00 UTC: calls drop; no customer is flipped until the stop is ended\nTo end the stop: {"command":"resume-everything","requestedBy":"YOU","reason":"WHY"}',
    ),
  );

  test.each(["rollback", "retry"])("a %s is refused too: no customer is flipped", (action) =>
    expectRefused(startLater({ action, rolloutId: "night" }), /everything is stopped/),
  );

  test("a dry run is started, because it flips no customer, and says what forbids its rollout", async () => {
    const forbidden = { code: "stopped", message: expect.stringMatching(/^everything is stopped, by ann/) };
    expect(await start({ dryRun: true })).toMatchObject({ status: "starting", forbidden });
  });

  test("an event that began before is still answered with its rollout", async () => {
    await record("night", anEvent({ id: "night" }));
    expect(await start({ id: "night" })).toMatchObject({ rolloutId: "night", status: "partial", joined: true });
  });

  test("and then no longer, an event is started", async () => {
    await ledger.changeControls({ ...ANN, change: "resume-everything" });
    expect(await start()).toMatchObject({ status: "starting" });
  });
});

describe("a held release", () => {
  test("is refused with its hold and the command that clears it", async () => {
    await hold({ action: "promote", rolloutId: "night" });
    await expectRefused(
      start(),
      'nothing was done: release 2026.11.0 is held, by ann since 2026-11-23 02:00:00 UTC, after rollout night: calls drop; no event flips customers to it until the hold is ended\nTo end the hold: {"command":"clear-release","release":"2026.11.0","requestedBy":"YOU","reason":"WHY"}',
    );
  });

  test.each([
    ["stage", "stage", "refused"],
    ["stage", "promote", "refused"],
    ["promote", "stage", "started"],
    ["promote", "promote", "refused"],
  ] as const)("by a %s: an event to %s is %s", async (held, action, expected) => {
    await hold({ action: held });
    if (expected === "refused") await expectRefused(start({ action }), /release 2026.11.0 is held, by ann since/);
    else expect(await start({ action })).toMatchObject({ status: "starting" });
    expect(await start({ action, release: "2026.12.0" })).toMatchObject({ status: "starting" });
  });

  test("is planned by a dry run, and rolled back by its name or its rollout", async () => {
    await hold({ action: "stage" });
    await record("night", anEvent());
    expect(await start({ dryRun: true, id: "dry" })).toMatchObject({ forbidden: { code: "release-held" } });
    await startLater({ action: "rollback", release: "2026.11.0", id: "by-release" });
    await startLater({ action: "rollback", rolloutId: "night", id: "by-rollout" });
    expect(started).toHaveLength(3);
  });

  test("is not brought out by a retry either, nor by the retry of a retry; a rollback is retried", async () => {
    await hold({ action: "promote" });
    await record("night", anEvent());
    await record("again", { action: "retry", rolloutId: "night", dryRun: false });
    await record("rollback", { action: "rollback", rolloutId: "night", dryRun: false });
    await record("other", anEvent({ release: "2026.12.0" }));

    await expectRefused(retry("night"), /release 2026.11.0 is held/);
    await expectRefused(retry("again"), /release 2026.11.0 is held/);
    for (const rolloutId of ["rollback", "other"]) await retry(rolloutId);
    expect(started).toHaveLength(2);
  });

  test.each([
    ["by itself", undefined, /^nothing was done: rollout night was rolled back, .* end the hold of its release, then/],
    ["by another rollout", ["night"], /^nothing was done: rollout night was rolled back, /],
    // The worker looks at the batches of each.
    ["perhaps, with another rollout", ["night", "noon"], /^nothing was done: release 2026.11.0 is held/],
  ])("gives way to the better reason against a retry of what was rolled back %s", async (_how, sources, message) => {
    await hold({ action: "promote" });
    await record("night", anEvent());
    const report = { status: "rolled-back", rollback: { restored: 1, conflicting: 0, failed: 0 } } as Report;
    if (sources !== undefined) {
      const source = { rollouts: sources.map((rolloutId) => ({ rolloutId, batches: 1 })) };
      await record("back", { action: "rollback", release: "2026.11.0", dryRun: false }, "running", source);
      await ledger.noteRolledBackBy("night", "back");
    }
    await ledger.endRollout(sources === undefined ? "night" : "back", report);
    await expectRefused(retry("night"), message);
  });

  test("by the name of a member that every object has is no hold of others", async () => {
    await hold({ action: "stage" });
    expect(await start({ release: "constructor" })).toMatchObject({ status: "starting" });
    expect(await start({ release: "__proto__" })).toMatchObject({ status: "starting" });
  });
});

describe("while another rollout runs", () => {
  const holdLock = (execution = "running") =>
    ledger.takeLock({ rolloutId: "noon", execution, fingerprint: "f", fence: 1, settleSeconds: 6 }, { fence: 0 });

  test("an event is refused at once, with the rollout that runs", async () => {
    await holdLock();
    const message = /^nothing was done: rollout noon is running in this environment; wait for its end/;
    await expectRefused(start(), message);
    await expectRefused(startLater({ action: "rollback", rolloutId: "night" }), message);
  });

  test("a rollback of that rollout is refused with the status, which says how to stop it", async () => {
    await holdLock();
    await expectRefused(
      startLater({ action: "rollback", rolloutId: "noon" }),
      /then send the event again\nTo see that rollout, and how to stop it: \{"command":"status","rolloutId":"noon"\}/,
    );
  });

  test.each([
    ["a dry run", { dryRun: true }],
    ["an event that waits", { onBusy: "wait", notAfter: "2999-01-01T00:00:00Z" }],
    ["the event of that rollout, which is not recorded yet", { id: "noon" }],
  ])("%s is started", async (_what, changes) => {
    await holdLock();
    const { status, forbidden } = await start(changes);
    expect([status, forbidden?.code]).toEqual(["starting", "dryRun" in changes ? "locked" : undefined]);
  });

  test("whose execution has ended, an event is started", async () => {
    await holdLock("ended");
    expect(await start()).toMatchObject({ status: "starting" });
  });
});

describe("an event whose rollout was refused", () => {
  const event = anEvent({ id: "night" });

  test("is started again, each time under an id of its own, and joins what it started", async () => {
    await record("night", event, "refused");
    const again = { status: "starting", rolloutId: expect.stringMatching(/^night-[\da-f]{12}$/) };
    const second = await start({ id: "night" });
    expect(second).toMatchObject(again);

    await record(second.rolloutId, event, "refused");
    const third = await start({ id: "night" });
    expect(third).toMatchObject(again);
    expect(third.rolloutId).not.toBe(second.rolloutId);

    await record(third.rolloutId, event, "running");
    const { rolloutId } = third;
    expect(await start({ id: "night" })).toMatchObject({ rolloutId, status: "running", joined: true });
    expect(started).toEqual([second.rolloutId, rolloutId]);
  });

  test("may be corrected under its id, and then no other event has the id", async () => {
    await record("night", anEvent({ id: "night", release: "2026.10.0" }), "refused");
    const { rolloutId } = await start({ id: "night" });
    await record(rolloutId, event, "succeeded");
    await expect(start({ id: "night", action: "stage" })).rejects.toThrow(/belongs to a different event/);
  });

  test.each(["aborted", "failed", "halted", "partial"])("is not started again when it was %s", async (status) => {
    await record("night", event, status);
    expect(await start({ id: "night" })).toMatchObject({ rolloutId: "night", status, joined: true });
  });
});

describe("an event with many ids", () => {
  const many = (count: number, length: number) =>
    Array.from({ length: count }, (_, index) => String(index).padStart(length, "c"));
  const most = { customerIds: many(9_000, 24) };

  test.each([
    ["8,940 ids of 51 letters", { targets: { customerIds: many(8_940, 51) } }],
    ["9,000 targets and 9,000 exclusions", { targets: most, exclude: most }],
  ])("of %s is refused before anything is started, with its bytes", async (_what, changes) => {
    await expect(start(changes)).rejects.toThrow(
      /^nothing was done: the deploy event has 4\d{5} bytes, expected at most 300000;/,
    );
    expect(started).toEqual([]);
  });

  test("is started with 9,000 ids of Evo Voice", async () => {
    expect(await start({ targets: most })).toMatchObject({ status: "starting" });
  });
});
