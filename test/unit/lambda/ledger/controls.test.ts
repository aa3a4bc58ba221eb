import fc from "fast-check";
import {
  type Attribution,
  applyControlChange,
  type ControlChange,
  type Controls,
  type Hold,
  type Lock,
  type LockAndControls,
} from "../../../../lambda/core/controls.ts";
import { createLedger } from "../../../../lambda/ledger/ledger.ts";
import { PRESENT } from "../../../../lambda/ledger/table.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { ENVIRONMENT, useTable } from "./use-table.ts";

const ANN: Attribution = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
const BOB: Attribution = { requestedBy: "bob", reason: "all well", at: "2026-11-23T02:05:00.000Z" };
const NONE: Controls = { holds: {}, protectedIds: [] };

const { ledger, table, scan, listen } = useTable();

function aLock(fence: number): Lock {
  return { rolloutId: `rollout-${fence}`, execution: "arn", fence, fingerprint: "f", settleSeconds: 15 };
}

function aHold(changes: Partial<Hold> = {}): Hold {
  return { ...ANN, action: "promote", rolloutId: "night", ...changes };
}

function holding(release: string, changes: Partial<Attribution> = {}): ControlChange {
  return { ...ANN, change: "hold-release", release, hold: { action: "promote", rolloutId: "night" }, ...changes };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The history in the order in which the changes were made. */
async function readHistory(from = ledger): Promise<readonly (ControlChange & { readonly revision: number })[]> {
  const kept = (await collect(from.readControlHistory())) as (ControlChange & { revision: number })[];
  return kept.sort((a, b) => a.revision - b.revision);
}

describe("controls", () => {
  test("stay until they are cleared, and each change returns the new controls", async () => {
    const stopped = { fence: 0, revision: 1, stopped: ANN, holds: {}, protectedIds: [] };
    expect(await ledger.changeControls({ ...ANN, change: "stop-everything" })).toEqual({
      kind: "changed",
      controls: stopped,
    });
    expect(await ledger.readControls()).toEqual(stopped);
    await ledger.changeControls(holding("2026.11"));
    await ledger.changeControls({ ...ANN, change: "protect", customerIds: ["c-1", "c-2"] });
    const all = { ...stopped, revision: 3, holds: { "2026.11": aHold() }, protectedIds: ["c-1", "c-2"] };
    expect(await ledger.readControls()).toEqual(all);

    await ledger.changeControls({ ...BOB, change: "resume-everything" });
    await ledger.changeControls({ ...BOB, change: "clear-release", release: "2026.11" });
    expect(await ledger.changeControls({ ...BOB, change: "unprotect", customerIds: ["c-1"] })).toEqual({
      kind: "changed",
      controls: { fence: 0, revision: 6, holds: {}, protectedIds: ["c-2"] },
    });
    expect(await ledger.readControls()).toEqual({ fence: 0, revision: 6, holds: {}, protectedIds: ["c-2"] });
  });

  test("do not change the lock, and the lock does not change the controls", async () => {
    await ledger.changeControls({ ...ANN, change: "stop-everything" });
    expect(await ledger.takeLock(aLock(1), await ledger.readControls())).toBe(true);
    await ledger.changeControls(holding("2026.11"));
    expect(await ledger.readControls()).toMatchObject({ fence: 1, lock: aLock(1), stopped: ANN });
    await ledger.releaseLock(aLock(1));
    await ledger.changeControls({ ...BOB, change: "resume-everything" });

    const holds = { "2026.11": aHold() };
    expect(await ledger.readControls()).toEqual({ fence: 1, revision: 3, holds, protectedIds: [] });
    const item = (await scan()).find(({ sk }) => sk === "controls");
    expect(item).not.toHaveProperty("expiresAt");
  });

  test.each(["__proto__", "constructor", "a.b/c@d:e+f-g", "#stopped", "x".repeat(128)])(
    "hold and clear a release with the name %s",
    async (release) => {
      await ledger.changeControls(holding(release));
      const { holds } = await ledger.readControls();
      expect(Object.entries(holds)).toEqual([[release, aHold()]]);
      expect(await ledger.changeControls({ ...BOB, change: "clear-release", release: release })).toMatchObject({
        kind: "changed",
      });
      expect(Object.keys((await ledger.readControls()).holds)).toEqual([]);
    },
  );

  test("that are not allowed are refused with a reason, change nothing and leave no history", async () => {
    expect(await ledger.changeControls({ ...ANN, change: "clear-release", release: "2026.11" })).toMatchObject({
      kind: "refused",
    });
    expect(await ledger.changeControls({ ...ANN, change: "unprotect", customerIds: ["c-1"] })).toMatchObject({
      kind: "refused",
    });
    const many = Array.from({ length: 1_001 }, (_, index) => `c-${index}`);
    expect(await ledger.changeControls({ ...ANN, change: "protect", customerIds: many })).toMatchObject({
      kind: "refused",
    });
    expect(await scan()).toEqual([]);
  });

  test("of the largest size fit into an item, and stop and resume still work", async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `${index}-${"x".repeat(59)}`);
    expect(await ledger.changeControls({ ...ANN, change: "protect", customerIds: ids })).toMatchObject({
      kind: "changed",
    });
    const rows = Array.from({ length: 112 }, (_, index) => ({
      release: `r-${index}`,
      ...aHold({ reason: "電".repeat(500) }),
    }));
    const key = { pk: `environment#${ENVIRONMENT}`, sk: "controls" };
    await table.updateIf(key, { set: { holds: rows } }, { pk: PRESENT });

    const answers: string[] = [];
    for (let index = 112; index < 115; index += 1) {
      answers.push((await ledger.changeControls(holding(`r-${index}`, { reason: "電".repeat(500) }))).kind);
    }
    expect(answers[0]).toBe("changed");
    expect(answers.at(-1)).toBe("refused");
    expect(await ledger.changeControls({ ...ANN, change: "unprotect", customerIds: ids })).toMatchObject({
      kind: "changed",
    });
    expect(await ledger.changeControls({ ...ANN, change: "stop-everything" })).toMatchObject({ kind: "changed" });
    expect(await ledger.takeLock(aLock(1), await ledger.readControls())).toBe(true);
  });

  test("that changed since they were read prevent the lock", async () => {
    const read = await ledger.readControls();
    await ledger.changeControls(holding("2026.11"));
    expect(await ledger.takeLock(aLock(1), read)).toBe(false);

    const again = await ledger.readControls();
    await ledger.changeControls({ ...BOB, change: "clear-release", release: "2026.11" });
    expect(await ledger.takeLock(aLock(1), again)).toBe(false);
    expect(await ledger.takeLock(aLock(1), await ledger.readControls())).toBe(true);
  });
});

describe("a change of the controls with a known id", () => {
  test("is made once: a repeated resume does not end a stop that came between", async () => {
    await ledger.changeControls({ ...ANN, change: "stop-everything" }, "stop-1");
    await ledger.changeControls({ ...BOB, change: "resume-everything" }, "resume-1");
    await ledger.changeControls({ ...BOB, change: "stop-everything" }, "stop-2");

    expect(await ledger.changeControls({ ...BOB, change: "resume-everything" }, "resume-1")).toMatchObject({
      kind: "changed",
      controls: { stopped: BOB },
    });
    expect((await ledger.readControls()).stopped).toEqual(BOB);
    expect(await readHistory()).toHaveLength(3);
  });

  test("is known although its reply was lost and the lock was taken meanwhile", async () => {
    let lost = 0;
    await listen(async ({ operation, phase }) => {
      if (operation !== "UpdateItem" || phase !== "done" || lost > 0) return undefined;
      lost += 1;
      await ledger.takeLock(aLock(1), await ledger.readControls());
      return "lose";
    });

    expect(await ledger.changeControls({ ...ANN, change: "protect", customerIds: ["c-1"] })).toMatchObject({
      controls: { protectedIds: ["c-1"], lock: aLock(1) },
    });
    expect(lost).toBe(1);
    expect(await readHistory()).toHaveLength(1);
  });
});

describe("the history of the controls", () => {
  test("has the sender, the time and the reason of each change, and expires", async () => {
    await ledger.changeControls(holding("2026.11"));
    await ledger.changeControls({ ...BOB, change: "clear-release", release: "2026.11" });

    expect(await readHistory()).toMatchObject([
      { change: "hold-release", release: "2026.11", hold: { action: "promote", rolloutId: "night" }, ...ANN },
      { change: "clear-release", release: "2026.11", ...BOB },
    ]);
    const kept = (await scan()).filter(({ sk }) => String(sk).startsWith("control#"));
    expect(kept.map(({ sk }) => sk)).toEqual([
      expect.stringMatching(/^control#2026-11-23T02:00:00\.000Z#[\w-]{36}$/),
      expect.stringMatching(/^control#2026-11-23T02:05:00\.000Z#[\w-]{36}$/),
    ]);
    for (const item of kept) expect(item).toHaveProperty("expiresAt");
  });

  test("contains a change whose writer crashed, after the next change", async () => {
    await listen(({ operation, phase }) => (operation === "PutItem" && phase === "arrived" ? "lose" : undefined));
    await expect(ledger.changeControls({ ...ANN, change: "stop-everything" }, "stop-1")).rejects.toThrow();
    await listen(() => undefined);
    expect((await ledger.readControls()).stopped).toEqual(ANN);
    expect(await readHistory()).toEqual([]);

    await ledger.changeControls({ ...BOB, change: "resume-everything" }, "resume-1");

    expect((await readHistory()).map(({ change }) => change)).toEqual(["stop-everything", "resume-everything"]);
  });
});

describe("writers at the same time", () => {
  test("make changes one after another, as the history shows", async () => {
    let runs = 0;
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anOrder, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        async (rounds) => {
          runs += 1;
          const tried = createLedger(table, `environment-${runs}`);
          let fence = 0;
          let accepted = 0;
          for (const round of rounds) {
            const locking = tried.takeLock(aLock(fence + 1), await tried.readControls());
            const answers = await Promise.all(round.map((order) => tried.changeControls(order)));
            fence += (await locking) ? 1 : 0;
            accepted += answers.filter(({ kind }) => kind === "changed").length;
          }
          const controls = await tried.readControls();
          const history = await readHistory(tried);
          expect(history.map(({ revision }) => revision)).toEqual(Array.from({ length: accepted }, (_, i) => i + 1));
          expect(controls).toEqual({
            ...replay(history),
            fence,
            ...(fence > 0 && { lock: aLock(fence) }),
            ...(accepted > 0 && { revision: accepted }),
          });
          taken += fence;
        },
      ),
      { numRuns: 15 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

const anId = fc.constantFrom("a", "b", "c");
const order = fc.constantFrom(ANN, BOB);
const ids = fc.uniqueArray(anId, { minLength: 1 });
const anOrder: fc.Arbitrary<ControlChange> = fc.oneof(
  order.map((by) => ({ ...by, change: "stop-everything" }) as const),
  order.map((by) => ({ ...by, change: "resume-everything" }) as const),
  fc
    .record({ by: order, customerIds: ids })
    .map(({ by, customerIds }) => ({ ...by, change: "protect", customerIds }) as const),
  fc
    .record({ by: order, customerIds: ids })
    .map(({ by, customerIds }) => ({ ...by, change: "unprotect", customerIds }) as const),
  fc
    .record({ by: order, release: anId })
    .map(({ by, release }) => ({ ...by, change: "clear-release", release }) as const),
  fc
    .record({ by: order, release: anId, action: fc.constantFrom("stage" as const, "promote" as const) })
    .map(
      ({ by, release, action }) =>
        ({ ...by, change: "hold-release", release, hold: { action, rolloutId: "night" } }) as const,
    ),
);

function replay(history: readonly ControlChange[]): Omit<LockAndControls, "fence"> {
  return history.reduce<Controls>((controls, change) => {
    const changed = applyControlChange(controls, change);
    if (changed.kind === "refused") throw new Error(`kept, and yet refused: ${changed.problem}`);
    return changed.controls;
  }, NONE);
}
