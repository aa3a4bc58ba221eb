import { adviseReader } from "../../../lambda/core/report/next-steps.ts";
import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { openLedger } from "../../support/ledger.ts";
import { expectTrueOutcomes, expectUntouched, rememberFlags } from "../../support/truth.ts";
import { SECRET, startWorld, type World, type WorldOptions } from "../../support/world.ts";

let world: World;

afterEach(() => world.close());

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true } };

/** All of them are on staging. */
const CUSTOMERS = 30;

async function given(options: Partial<WorldOptions> = {}): Promise<World> {
  world = await startWorld({ customers: CUSTOMERS, stagingShare: 1, ...options });
  return world;
}

/** Acts once: when the n-th flip has come so far. */
function atFlip({ emulator }: World, n: number, reached: "arrived" | "answered", act: () => void): void {
  let flips = 0;
  emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== reached) return;
    flips += 1;
    if (flips === n) act();
  });
}

function logLines(): readonly unknown[] {
  return world.logs().map((line) => JSON.parse(line));
}

function idsOf({ emulator }: World): ReadonlySet<string> {
  const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  return new Set(ours.map(({ id }) => id));
}

test("a session that dies in the middle of 50 concurrent calls costs one sign-in", async () => {
  // No customer waits for another: fifty calls are made at once.
  const { emulator, run } = await given({ customers: 60, policy: { concurrency: 50 } });
  const before = rememberFlags(world);
  let waiting: (() => void)[] = [];
  const stop = emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return undefined;
    return new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 50) return;
      stop();
      emulator.endSessions();
      for (const goOn of waiting) goOn();
      waiting = [];
    });
  });

  const { report } = await run(PROMOTE);

  expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 60 } });
  expect(emulator.stats()).toMatchObject({ refused401: 50, signIns: 2 });
  await expectTrueOutcomes(world, report, { before, planned: idsOf(world) });
});

describe("a secret that is rotated", () => {
  test("in the middle of a rollout, and between two, is picked up with no refused sign-in", async () => {
    const { emulator, startWorker, rotatePassword } = await given();
    const before = rememberFlags(world);
    const worker = startWorker();
    const rotate = (password: string) => {
      rotatePassword(password);
      emulator.endSessions();
    };
    atFlip(world, 20, "answered", () => rotate("Quayside-2!"));

    const { report } = await worker.run(PROMOTE);

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: CUSTOMERS } });
    expect(emulator.stats()).toMatchObject({ signIns: 2, refusedSignIns: 0 });
    const { rolloutId } = report;
    expect(logLines()).toContainEqual(expect.objectContaining({ message: "signed in", rolloutId, step: "look-up-1" }));
    for (const message of ["looked up", "planned", "batch recorded"])
      expect(logLines()).toContainEqual(expect.objectContaining({ message, rolloutId, step: expect.any(String) }));
    expect(logLines()).toContainEqual(expect.objectContaining({ message: "session renewed", rolloutId, sessions: 2 }));
    await expectTrueOutcomes(world, report, { before, planned: idsOf(world) });

    rotate("Quayside-3!");
    const staged = await worker.run({ ...PROMOTE, action: "stage" });

    expect(staged.report).toMatchObject({ status: "succeeded", counts: { flipped: CUSTOMERS } });
    expect(emulator.stats()).toMatchObject({ signIns: 3, refusedSignIns: 0 });
  });

  test("to a password that is wrong stops a running rollout, and what was flipped is known", async () => {
    const { emulator, run, putSecret } = await given();
    const before = rememberFlags(world);
    atFlip(world, 20, "answered", () => {
      emulator.setPassword("unknown-to-all");
      putSecret({ userName: emulator.userName, password: "Wrong-9!" });
      emulator.endSessions();
    });

    const { report } = await run(PROMOTE);

    expect(report).toMatchObject({ status: "failed", problems: [{ code: "sign-in-refused" }] });
    expect(emulator.stats().refusedSignIns).toBe(1);
    await expectTrueOutcomes(world, report, { before, planned: idsOf(world) });

    const rollback = await run({ action: "rollback", rolloutId: report.rolloutId });
    expect(rollback.report).toMatchObject({
      status: "failed",
      problems: [{ code: "rollback-ended-early" }],
    });
    const advised = adviseReader(rollback.report).map(({ send }) => send?.command);
    expect(advised).toContain("try-login-again");
    expect(emulator.stats().refusedSignIns).toBe(1);
  });
});

describe("a wrong password", () => {
  test("is tried once in three cold invocations; a new version of the secret works", async () => {
    const { emulator, run, secrets, putSecret } = await given();
    const before = rememberFlags(world);
    const version = putSecret({ userName: emulator.userName, password: "Wrong-1!" });

    for (const release of ["1", "2", "3"]) {
      const { report } = await run({ ...PROMOTE, release });
      expect(report).toMatchObject({
        status: "refused",
        problems: [{ code: "sign-in-refused", versionId: version }],
      });
    }
    expect(emulator.stats()).toMatchObject({ refusedSignIns: 1, signIns: 0, requests: { Authenticate: 1 } });
    expectUntouched(world, before);

    putSecret({ userName: emulator.userName, password: emulator.password });
    const { report } = await run(PROMOTE);
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: CUSTOMERS } });
    expect(secrets.requests().length).toBeLessThanOrEqual(7);
  });

  test("or a locked account is not tried again, until a person asks for it", async () => {
    const { emulator, run } = await given({ faults: "locked-account" });

    const { report } = await run(PROMOTE);
    await run(PROMOTE);

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "sign-in-refused" }] });
    expect(emulator.stats()).toMatchObject({ refusedSignIns: 1, requests: { Authenticate: 1 } });

    emulator.setFaults("");
    const by = { requestedBy: "ann", reason: "unlocked", at: new Date().toISOString() };
    await openLedger(world).changeControls({ ...by, change: "try-login-again" });
    expect((await run(PROMOTE)).report.status).toBe("succeeded");
  });
});

test("a server that answers sign-ins with a page for 0.2 s means no wrong password", async () => {
  const { emulator, run } = await given();
  const before = rememberFlags(world);
  atFlip(world, 7, "answered", () => {
    emulator.setFaults("sign-in-down=200,sign-in-as=page,retry-after=0");
    emulator.endSessions();
  });

  const { report } = await run(PROMOTE);

  expect(report).toMatchObject({ status: "succeeded", counts: { flipped: CUSTOMERS } });
  expect(emulator.stats()).toMatchObject({ signIns: 2, refusedSignIns: 0 });
  await expectTrueOutcomes(world, report, { before, planned: idsOf(world) });
});

test("a user who may read and not flip stops the rollout after two fresh sessions", async () => {
  const { emulator, run } = await given();
  const before = rememberFlags(world);
  atFlip(world, 20, "answered", () => emulator.setFaults("writes-401"));

  const { report } = await run(PROMOTE);

  expect(report).toMatchObject({ status: "failed", problems: [{ code: "session-rejected", operation: "flip" }] });
  // One more than the flips had reads the customers that are left.
  expect(emulator.stats().signIns).toBeLessThanOrEqual(4);
  await expectTrueOutcomes(world, report, { before, planned: idsOf(world) });
});

test("a secret that is no login is refused with its form, before any request to Evo Voice", async () => {
  const { emulator, run, secrets } = await given();
  secrets.putSecretValue(SECRET, "Harbour-hunter2!");

  const { report } = await run(PROMOTE);

  const message =
    'the secret that the worker\'s CUTOVER_SECRET_ID names does not hold a login; put {"userName": "…", "password": "…"} into it, as JSON';
  expect(report).toMatchObject({ status: "refused", problems: [{ code: "bad-secret", message }] });
  expect(emulator.stats().requests).toEqual({});
  expect(JSON.stringify([await world.readLedger(), world.logs()])).not.toContain("hunter2");
});
