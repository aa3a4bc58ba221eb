import type { Lock } from "../../../../lambda/core/controls.ts";
import { createLock } from "../../../../lambda/ledger/lock.ts";
import { ABSENT } from "../../../../lambda/ledger/table.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { startTable, type TestTable } from "./start-table.ts";

const ENVIRONMENT = "https://evovoice.io";

let given: TestTable;
let controls: ReturnType<typeof createLock>;

beforeEach(async () => {
  given = await startTable();
  controls = createLock(given.table, ENVIRONMENT);
});
afterEach(() => given.close());

const NO_CONTROLS = { holds: {}, protectedIds: [] };

function aLock(rolloutId: string, fence: number): Lock {
  return { rolloutId, execution: `arn:${rolloutId}`, fence, fingerprint: "f", settleSeconds: 15 };
}

describe("the lock of an environment", () => {
  test("is free at first, is taken, released and taken again with a higher number", async () => {
    expect(await controls.readControls()).toEqual({ fence: 0, ...NO_CONTROLS });

    expect(await controls.takeLock(aLock("night", 1), { fence: 0 })).toBe(true);
    expect(await controls.readControls()).toEqual({ fence: 1, lock: aLock("night", 1), ...NO_CONTROLS });
    await controls.releaseLock(aLock("night", 1));
    expect(await controls.readControls()).toEqual({ fence: 1, ...NO_CONTROLS });

    expect(await controls.takeLock(aLock("noon", 2), await controls.readControls())).toBe(true);
    expect(await controls.readControls()).toEqual({ fence: 2, lock: aLock("noon", 2), ...NO_CONTROLS });
  });

  test("never expires, released or held", async () => {
    await controls.takeLock(aLock("night", 1), { fence: 0 });
    expect((await given.scan())[0]).not.toHaveProperty("expiresAt");
    await controls.releaseLock(aLock("night", 1));
    expect((await given.scan())[0]).not.toHaveProperty("expiresAt");
  });

  test.each([0, 1, 2])("goes to one of twenty rollouts at the same time, after %d locks", async (takings) => {
    for (let fence = 1; fence <= takings; fence += 1) {
      await controls.takeLock(aLock(`rollout-${fence}`, fence), await controls.readControls());
      if (fence % 2 === 0) await controls.releaseLock(aLock(`rollout-${fence}`, fence));
    }
    const read = await controls.readControls();

    const takers = Array.from({ length: 20 }, (_, index) => aLock(`taker-${index}`, read.fence + 1));
    const taken = await Promise.all(takers.map((lock) => controls.takeLock(lock, read)));

    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await controls.readControls()).toEqual({
      fence: takings + 1,
      lock: takers[taken.indexOf(true)],
      ...NO_CONTROLS,
    });
  });

  test("can be taken when the item has controls and no lock", async () => {
    await given.table.updateIf(
      { pk: `environment#${ENVIRONMENT}`, sk: "controls" },
      { set: { protectedIds: ["c-1"] } },
      { pk: ABSENT },
    );

    expect(await controls.readControls()).toEqual({ fence: 0, holds: {}, protectedIds: ["c-1"] });
    expect(await controls.takeLock(aLock("night", 1), { fence: 0 })).toBe(true);
    expect(await controls.readControls()).toMatchObject({ fence: 1, protectedIds: ["c-1"] });
  });

  test("is not taken with an old read, before a release or before a lock", async () => {
    const free = await controls.readControls();
    await controls.takeLock(aLock("night", 1), free);
    const held = await controls.readControls();
    await controls.releaseLock(aLock("night", 1));

    expect(await controls.takeLock(aLock("noon", 2), held)).toBe(false);
    expect(await controls.takeLock(aLock("noon", 1), free)).toBe(false);
  });

  test("is not released by a rollout that lost it", async () => {
    await controls.takeLock(aLock("night", 1), { fence: 0 });
    await controls.takeLock(aLock("noon", 2), await controls.readControls());

    await controls.releaseLock(aLock("night", 1));

    expect((await controls.readControls()).lock).toEqual(aLock("noon", 2));
  });

  test("remembers the rollout that it was taken from", async () => {
    const lock = { ...aLock("noon", 1), takenFrom: { rolloutId: "night", execution: "arn:night", settleSeconds: 15 } };
    await controls.takeLock(lock, { fence: 0 });

    expect((await controls.readControls()).lock).toEqual(lock);
  });
});
