import { acceptDelivered, acceptDeployEvent } from "../../../../lambda/contract/accept-deploy-event.ts";
import type { Lock } from "../../../../lambda/core/controls.ts";
import { openRollout } from "../../../../lambda/steps/open-rollout.ts";
import { beforeAll, describe, expect, test } from "../../../support/jest.ts";
import { openLedger } from "../../../support/ledger.ts";
import { aCommand } from "../core/a-snapshot.ts";
import { fakePorts, LOCK, useLedgerWorld } from "./fake-ports.ts";

const world = useLedgerWorld();

const EXECUTION = "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/promote-1f/0f3c";
const NOT_AFTER = "2026-11-23T02:00:00Z";

test("an event holds no lock when its time ran out after its open step died", async () => {
  const ledger = openLedger(world());
  const promote = { action: "promote", release: "1", targets: { all: true }, notAfter: NOT_AFTER };
  const event = acceptDeployEvent(promote, world().policy);
  const at = (time: string) => fakePorts(world(), { customers: [], nowMs: () => Date.parse(time) });
  const createRollout = () => Promise.reject(new Error("the worker died between the lock and the record"));
  const before = at("2026-11-23T01:59:59Z");
  const dying = { ...before, ledger: { ...before.ledger, createRollout } };
  await expect(openRollout(dying, { event }, EXECUTION)).rejects.toThrow("died");
  expect((await ledger.readControls()).lock).toMatchObject({ execution: EXECUTION });

  const opened = await openRollout(at("2026-11-23T02:00:01Z"), { event }, EXECUTION);

  expect(opened).toMatchObject({ kind: "answered", report: { status: "refused" } });
  expect((await ledger.readControls()).lock).toBeUndefined();
});

test("an event whose rollout another execution recorded meanwhile leaves no lock", async () => {
  const ports = fakePorts(world(), { customers: [] });
  const event = acceptDeployEvent(
    { action: "promote", release: "1", targets: { all: true }, id: "twice" },
    world().policy,
  );
  const createRollout: typeof ports.ledger.createRollout = (record) =>
    ports.ledger.createRollout({ ...record, execution: "arn:first" });

  const opened = await openRollout({ ...ports, ledger: { ...ports.ledger, createRollout } }, { event }, EXECUTION);

  expect(opened).toMatchObject({ kind: "answered", report: { rolloutId: "twice", joined: true } });
  expect((await openLedger(world()).readControls()).lock).toBeUndefined();
});

test("a rollout without an id of its own has the name of its execution", async () => {
  const dryRun = { action: "promote", release: "1", targets: { all: true }, dryRun: true };
  const event = acceptDeployEvent(dryRun, world().policy);

  const opened = await openRollout(fakePorts(world(), { customers: [] }), { event }, EXECUTION.replace("1f", "2e"));

  expect(opened).toMatchObject({ kind: "opened", rolloutId: "promote-2e" });
});

describe("an event that waits for the lock", () => {
  const PROMOTE = { action: "promote", release: "1", targets: { all: true }, onBusy: "wait", notAfter: NOT_AFTER };
  const abort = aCommand({ command: "abort", requestedBy: "ann", reason: "wrong release" });
  const open = (id: string, time = "2026-11-23T01:00:00Z") => {
    const ports = fakePorts(world(), { customers: [], nowMs: () => Date.parse(time) });
    return openRollout(ports, acceptDelivered({ ...PROMOTE, id }, world().policy), `arn:${id}`);
  };
  let lock: Lock;

  beforeAll(async () => {
    const ledger = openLedger(world());
    const controls = await ledger.readControls();
    lock = { ...LOCK, rolloutId: "day", execution: "arn:day", fence: controls.fence + 1 };
    await ledger.takeLock(lock, controls);
  });

  test("waits while another rollout has the lock", async () => {
    expect(await open("waits")).toEqual({ kind: "busy", leftSeconds: 3_600 });
    expect(await openLedger(world()).findRollout("waits")).toMatchObject({ status: "waiting" });
  });

  test("ends at once when it is aborted, and leaves the lock alone", async () => {
    const ledger = openLedger(world());
    await open("aborted");
    await ledger.addCommand("aborted", abort);

    expect(await open("aborted")).toMatchObject({
      kind: "answered",
      report: { status: "aborted", problems: [{ code: "aborted-while-waiting", by: "ann", why: "wrong release" }] },
    });
    expect(await ledger.findRollout("aborted")).toMatchObject({ status: "aborted", report: { status: "aborted" } });
    expect((await ledger.readControls()).lock).toEqual(lock);
  });

  test("is refused once its time is over, and leaves the lock alone", async () => {
    await open("late");

    expect(await open("late", NOT_AFTER)).toEqual({ kind: "busy", leftSeconds: 0 });
    const opened = await open("late", "2026-11-23T02:00:01Z");

    expect(opened).toMatchObject({ kind: "answered", report: { status: "refused" } });
    expect(await openLedger(world()).findRollout("late")).toMatchObject({ status: "refused" });
    expect((await openLedger(world()).readControls()).lock).toEqual(lock);
  });

  test("continues to wait after every command that is no abort", async () => {
    await open("commanded");
    for (const command of ["pause", "resume", "skip-bake", "skip-all-bakes"] as const)
      await openLedger(world()).addCommand("commanded", aCommand({ id: command, command }));

    expect(await open("commanded")).toEqual({ kind: "busy", leftSeconds: 3_600 });
  });
});
