import { startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { type Ledger, openLedger } from "../../support/ledger.ts";
import { atFlip } from "../../support/moments.ts";
import { type Executed, toArn } from "../../support/run-handler.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const LATER = "2099-01-01T00:00:00Z";
const STAGE = {
  ...{ action: "stage", release: "2026.12", targets: { all: true }, id: "noon" },
  ...{ onBusy: "wait", notAfter: LATER },
} as const;

let world: World;
let ledger: Ledger;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 1 });
  ledger = openLedger(world);
});
afterEach(() => world.close());

const staged = () =>
  [...world.emulator.customers()].filter((one) => one.isStaging && one.accountId === world.emulator.accountId).length;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + 10_000; !(await isSo()); ) {
    if (Date.now() > endsAt) throw new Error("it never came so");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const isWaiting = async (rolloutId: string) => (await ledger.findRollout(rolloutId))?.status === "waiting";

/** Sends the second event in the middle of the first rollout, which goes on once that one waits. */
async function runBoth(
  second: { readonly id: string },
  atRequest: "the lookup" | "a flip",
): Promise<readonly Executed[]> {
  let waiting: Promise<Executed> | undefined;
  const send = async () => {
    waiting = execute(world, second, { name: second.id });
    await until(() => isWaiting(second.id));
  };
  if (atRequest === "a flip") atFlip(world, { flag: false, n: 3 }, send);
  else {
    const off = world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== "ListCustomers" || phase !== "arrived") return;
      off();
      await send();
    });
  }
  const first = await execute(world, PROMOTE, { name: "night" });
  return [first, (await waiting) as Executed];
}

/** Another rollout that runs as long as the test likes. */
async function holdLock() {
  const lock = { rolloutId: "day", execution: toArn("day"), fence: 1, fingerprint: "", settleSeconds: 6 };
  world.executions.running(lock.execution);
  await ledger.takeLock(lock, await ledger.readControls());
  return lock;
}

describe("an event that waits", () => {
  test("gets the lock when the rollout before it has ended", async () => {
    const [first, second] = await runBoth(STAGE, "a flip");

    expect(first?.report).toMatchObject({ status: "succeeded", counts: { flipped: 40 } });
    expect(second?.report).toMatchObject({ rolloutId: "noon", status: "succeeded", counts: { flipped: 40 } });
    expect(second?.operations.slice(0, 3)).toEqual(["open", "wait-to-begin", "look-up-1"]);
    expect(staged()).toBe(40);
    expect((await ledger.readControls()).lock).toBeUndefined();
  });

  test.each([
    ["the rollout's id", { rolloutId: "night" }],
    ["the release", { release: "2026.11" }],
  ])("for a rollback, by %s, of a rollout without a plan restores what that flips by its end", async (_by, of) => {
    const before = rememberFlags(world);
    const rollback = { action: "rollback", ...of, id: "back", onBusy: "wait", notAfter: LATER } as const;

    const [first, second] = await runBoth(rollback, "the lookup");

    expect(first?.report).toMatchObject({ status: "succeeded", counts: { flipped: 40 } });
    expect(second?.report).toMatchObject({
      status: "rolled-back",
      of: ["night"],
      rollback: { restored: 40, failed: 0 },
    });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("is refused once its time is over, and leaves the lock to the rollout that has it", async () => {
    const lock = await holdLock();
    const notAfter = new Date(Date.now() + 1_000).toISOString();

    const { report, operations } = await execute(world, { ...STAGE, notAfter }, { name: "noon" });

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "too-late" }] });
    expect(operations).toEqual(["open", "wait-to-begin", "publish-ended"]);
    expect(await ledger.findRollout("noon")).toMatchObject({ status: "refused", report: { status: "refused" } });
    expect((await ledger.readControls()).lock).toEqual(lock);
    expect(world.emulator.stats().requests).toEqual({});
  });

  test("takes the lock over from a stopped execution, and waits for its last requests to end", async () => {
    const lock = await holdLock();
    const waiting = execute(world, STAGE, { name: "noon" });
    await until(() => isWaiting("noon"));
    world.executions.ended(lock.execution, "STOPPED");

    const { report, waits } = await waiting;

    expect(report).toMatchObject({ status: "succeeded" });
    expect(waits).toMatchObject({ settle: 6 });
  });

  test("is refused when its release is turned back in the meantime", async () => {
    const lock = await holdLock();
    const waiting = execute(world, { ...STAGE, release: "2026.11" }, { name: "noon" });
    await until(() => isWaiting("noon"));
    const order = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
    await ledger.changeControls({
      ...order,
      change: "hold-release",
      release: "2026.11",
      hold: { action: "stage", rolloutId: "day" },
    });
    await ledger.releaseLock(lock);

    const { report } = await waiting;

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "release-held", release: "2026.11" }] });
  });

  test("outlives a ledger that does not answer for a while", async () => {
    const lock = await holdLock();
    const proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: proxy.address });
    let [asked, lost] = [0, 0];
    proxy.listener = async ({ operation, phase }) => {
      if (operation !== "BatchGetItem" || phase !== "arrived") return undefined;
      asked += 1;
      if (asked < 3) return undefined;
      lost += 1;
      if (lost === 12) {
        proxy.listener = () => undefined;
        await ledger.releaseLock(lock);
      }
      return "lose";
    };

    const { report } = await execute(world, STAGE, { name: "noon" }).finally(proxy.close);

    expect(report).toMatchObject({ status: "succeeded" });
    expect(lost).toBe(12);
  });
});

test("an event that does not wait is refused while its source rollout looks up customers", async () => {
  let refused: Executed | undefined;
  const off = world.emulator.onRequest(async ({ operation, phase }) => {
    if (operation !== "ListCustomers" || phase !== "arrived") return;
    off();
    refused = await execute(world, { action: "rollback", rolloutId: "night", id: "back" }, { name: "back" });
  });
  await execute(world, PROMOTE, { name: "night" });

  expect(refused?.report).toMatchObject({
    status: "refused",
    problems: [{ code: "locked", rolloutId: "night" }],
  });
});
