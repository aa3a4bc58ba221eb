import type { Lock } from "../../../../lambda/core/controls.ts";
import { ABSENT } from "../../../../lambda/ledger/table.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { ENVIRONMENT, useTable } from "./use-table.ts";

const { ledger, table, scan } = useTable();

const NO_CONTROLS = { holds: {}, protectedIds: [] };

function aLock(rolloutId: string, fence: number): Lock {
  return { rolloutId, execution: `arn:${rolloutId}`, fence, fingerprint: "f", settleSeconds: 15 };
}

describe("the lock of an environment", () => {
  test("is free at first, is taken, released and taken again with a higher number", async () => {
    expect(await ledger.readControls()).toEqual({ fence: 0, ...NO_CONTROLS });

    expect(await ledger.takeLock(aLock("night", 1), { fence: 0 })).toBe(true);
    expect(await ledger.readControls()).toEqual({ fence: 1, lock: aLock("night", 1), ...NO_CONTROLS });
    await ledger.releaseLock(aLock("night", 1));
    expect(await ledger.readControls()).toEqual({ fence: 1, ...NO_CONTROLS });

    expect(await ledger.takeLock(aLock("noon", 2), await ledger.readControls())).toBe(true);
    expect(await ledger.readControls()).toEqual({ fence: 2, lock: aLock("noon", 2), ...NO_CONTROLS });
  });

  test("never expires, released or held", async () => {
    await ledger.takeLock(aLock("night", 1), { fence: 0 });
    expect((await scan())[0]).not.toHaveProperty("expiresAt");
    await ledger.releaseLock(aLock("night", 1));
    expect((await scan())[0]).not.toHaveProperty("expiresAt");
  });

  test.each([0, 1, 2])("goes to one of five rollouts at the same time, after %d locks", async (takings) => {
    for (let fence = 1; fence <= takings; fence += 1) {
      await ledger.takeLock(aLock(`rollout-${fence}`, fence), await ledger.readControls());
      if (fence % 2 === 0) await ledger.releaseLock(aLock(`rollout-${fence}`, fence));
    }
    const read = await ledger.readControls();

    const takers = Array.from({ length: 5 }, (_, index) => aLock(`taker-${index}`, read.fence + 1));
    const taken = await Promise.all(takers.map((lock) => ledger.takeLock(lock, read)));

    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await ledger.readControls()).toEqual({
      fence: takings + 1,
      lock: takers[taken.indexOf(true)],
      ...NO_CONTROLS,
    });
  });

  test("can be taken when the item has controls and no lock", async () => {
    await table.updateIf(
      { pk: `environment#${ENVIRONMENT}`, sk: "controls" },
      { set: { protectedIds: ["c-1"] } },
      { pk: ABSENT },
    );

    expect(await ledger.readControls()).toEqual({ fence: 0, holds: {}, protectedIds: ["c-1"] });
    expect(await ledger.takeLock(aLock("night", 1), { fence: 0 })).toBe(true);
    expect(await ledger.readControls()).toMatchObject({ fence: 1, protectedIds: ["c-1"] });
  });

  test("is not taken with an old read, before a release or before a lock", async () => {
    const free = await ledger.readControls();
    await ledger.takeLock(aLock("night", 1), free);
    const held = await ledger.readControls();
    await ledger.releaseLock(aLock("night", 1));

    expect(await ledger.takeLock(aLock("noon", 2), held)).toBe(false);
    expect(await ledger.takeLock(aLock("noon", 1), free)).toBe(false);
  });

  test("is not released by a rollout that lost it", async () => {
    await ledger.takeLock(aLock("night", 1), { fence: 0 });
    await ledger.takeLock(aLock("noon", 2), await ledger.readControls());

    await ledger.releaseLock(aLock("night", 1));

    expect((await ledger.readControls()).lock).toEqual(aLock("noon", 2));
  });

  test("remembers the rollout that it was taken from", async () => {
    const lock = { ...aLock("noon", 1), takenFrom: { rolloutId: "night", execution: "arn:night", settleSeconds: 15 } };
    await ledger.takeLock(lock, { fence: 0 });

    expect((await ledger.readControls()).lock).toEqual(lock);
  });
});
