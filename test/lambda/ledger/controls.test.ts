import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createLedger } from "../../../lambda/ledger/ledger.ts";
import { changeOrders, type OrderChange, type StandingOrders } from "../../../lambda/rollout/controls.ts";
import type { Hold, Lock, Orders, StandingOrder } from "../../../lambda/rollout/records.ts";
import { startTable, type TestTable } from "./start-table.ts";

const ENVIRONMENT = "https://evovoice.io";
const ANN: StandingOrder = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
const BOB: StandingOrder = { requestedBy: "bob", reason: "all well", at: "2026-11-23T02:05:00.000Z" };
const NONE: StandingOrders = { holds: {}, protectedIds: [] };

let given: TestTable;
let ledger: ReturnType<typeof createLedger>;

beforeEach(async () => {
  given = await startTable();
  ledger = createLedger(given.table, ENVIRONMENT);
});
afterEach(() => given.close());

function aLock(fence: number): Lock {
  return { rolloutId: `rollout-${fence}`, execution: "arn", fence, fingerprint: "f", settleSeconds: 15 };
}

function aHold(changes: Partial<Hold> = {}): Hold {
  return { ...ANN, action: "promote", rolloutId: "night", ...changes };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The history in the order in which the changes were made. */
async function readHistory(from = ledger): Promise<readonly (OrderChange & { readonly revision: number })[]> {
  const kept = (await collect(from.readOrderHistory())) as (OrderChange & { revision: number })[];
  return kept.sort((a, b) => a.revision - b.revision);
}

describe("standing orders", () => {
  test("stand until they are taken back, and answer with the orders as they are then", async () => {
    const stopped = { fence: 0, revision: 1, stopped: ANN, holds: {}, protectedIds: [] };
    expect(await ledger.setStopped(ANN)).toEqual({ kind: "changed", orders: stopped });
    expect(await ledger.readOrders()).toEqual(stopped);
    await ledger.holdRelease("2026.11", aHold());
    await ledger.protect(["c-1", "c-2"], ANN);
    const all = { ...stopped, revision: 3, holds: { "2026.11": aHold() }, protectedIds: ["c-1", "c-2"] };
    expect(await ledger.readOrders()).toEqual(all);

    await ledger.clearStopped(BOB);
    await ledger.clearRelease("2026.11", BOB);
    expect(await ledger.unprotect(["c-1"], BOB)).toEqual({
      kind: "changed",
      orders: { fence: 0, revision: 6, holds: {}, protectedIds: ["c-2"] },
    });
    expect(await ledger.readOrders()).toEqual({ fence: 0, revision: 6, holds: {}, protectedIds: ["c-2"] });
  });

  test("do not touch the lock, held or free, nor does the lock touch them", async () => {
    await ledger.setStopped(ANN);
    expect(await ledger.takeLock(aLock(1), await ledger.readOrders())).toBe(true);
    await ledger.holdRelease("2026.11", aHold());
    expect(await ledger.readOrders()).toMatchObject({ fence: 1, lock: aLock(1), stopped: ANN });
    await ledger.releaseLock(aLock(1));
    await ledger.clearStopped(BOB);

    const holds = { "2026.11": aHold() };
    expect(await ledger.readOrders()).toEqual({ fence: 1, revision: 3, holds, protectedIds: [] });
    const item = (await given.scan()).find(({ sk }) => sk === "orders");
    expect(item).not.toHaveProperty("expiresAt");
  });

  test("are those of one environment", async () => {
    await ledger.setStopped(ANN);
    expect(await createLedger(given.table, "https://other.example").readOrders()).toEqual({ fence: 0, ...NONE });
  });

  test.each(["__proto__", "constructor", "a.b/c@d:e+f-g", "#stopped", "x".repeat(128)])(
    "hold and clear a release with the name %s",
    async (release) => {
      await ledger.holdRelease(release, aHold());
      const { holds } = await ledger.readOrders();
      expect(Object.entries(holds)).toEqual([[release, aHold()]]);
      expect(await ledger.clearRelease(release, BOB)).toMatchObject({ kind: "changed" });
      expect(Object.keys((await ledger.readOrders()).holds)).toEqual([]);
    },
  );

  test("that cannot be are refused with a reason, change nothing and leave no history", async () => {
    expect(await ledger.clearRelease("2026.11", ANN)).toMatchObject({ kind: "refused" });
    expect(await ledger.unprotect(["c-1"], ANN)).toMatchObject({ kind: "refused" });
    const many = Array.from({ length: 1_001 }, (_, index) => `c-${index}`);
    expect(await ledger.protect(many, ANN)).toMatchObject({ kind: "refused" });
    expect(await given.scan()).toEqual([]);
  });

  test("as many and as long as they can be fit into an item, and still stop and lift", async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `${index}-${"x".repeat(59)}`);
    expect(await ledger.protect(ids, ANN)).toMatchObject({ kind: "changed" });
    const rows = Array.from({ length: 105 }, (_, index) => ({
      release: `r-${index}`,
      ...aHold({ reason: "電".repeat(500) }),
    }));
    const key = { pk: `environment#${ENVIRONMENT}`, sk: "orders" };
    await given.table.updateIf(key, { set: { holds: rows } }, { expression: "attribute_exists(pk)" });

    const answers: string[] = [];
    for (let index = 105; index < 115; index += 1) {
      answers.push((await ledger.holdRelease(`r-${index}`, aHold({ reason: "電".repeat(500) }))).kind);
    }
    expect(answers[0]).toBe("changed");
    expect(answers.at(-1)).toBe("refused");
    expect(await ledger.unprotect(ids, ANN)).toMatchObject({ kind: "changed" });
    expect(await ledger.setStopped(ANN)).toMatchObject({ kind: "changed" });
    expect(await ledger.takeLock(aLock(1), await ledger.readOrders())).toBe(true);
  });

  test("that came after they were read let nobody take the lock: it would be taken under a hold that nobody saw", async () => {
    const read = await ledger.readOrders();
    await ledger.holdRelease("2026.11", aHold());
    expect(await ledger.takeLock(aLock(1), read)).toBe(false);

    const again = await ledger.readOrders();
    await ledger.clearRelease("2026.11", BOB);
    expect(await ledger.takeLock(aLock(1), again)).toBe(false);
    expect(await ledger.takeLock(aLock(1), await ledger.readOrders())).toBe(true);
  });
});

describe("a standing order that is sent again under its id", () => {
  test("is the same one: a resume that comes twice does not lift the stop that came between", async () => {
    await ledger.setStopped(ANN, "stop-1");
    await ledger.clearStopped(BOB, "resume-1");
    await ledger.setStopped(BOB, "stop-2");

    expect(await ledger.clearStopped(BOB, "resume-1")).toMatchObject({ kind: "changed", orders: { stopped: BOB } });
    expect((await ledger.readOrders()).stopped).toEqual(BOB);
    expect(await readHistory()).toHaveLength(3);
  });

  test("is known although its reply was lost, and the lock was taken meanwhile", async () => {
    let lost = 0;
    given.proxy.listener = async ({ operation, phase }) => {
      if (operation !== "UpdateItem" || phase !== "done" || lost > 0) return undefined;
      lost += 1;
      await ledger.takeLock(aLock(1), await ledger.readOrders());
      return "lose";
    };

    expect(await ledger.protect(["c-1"], ANN)).toMatchObject({ orders: { protectedIds: ["c-1"], lock: aLock(1) } });
    expect(lost).toBe(1);
    expect(await readHistory()).toHaveLength(1);
  });
});

describe("the history of the standing orders", () => {
  test("says who ordered what, when and why, and outlives the order; it expires", async () => {
    await ledger.holdRelease("2026.11", aHold());
    await ledger.clearRelease("2026.11", BOB);

    expect(await readHistory()).toMatchObject([
      { change: "hold-release", release: "2026.11", hold: { action: "promote", rolloutId: "night" }, ...ANN },
      { change: "clear-release", release: "2026.11", ...BOB },
    ]);
    const kept = (await given.scan()).filter(({ sk }) => String(sk).startsWith("order#"));
    expect(kept.map(({ sk }) => sk)).toEqual([
      expect.stringMatching(/^order#2026-11-23T02:00:00\.000Z#[\w-]{36}$/),
      expect.stringMatching(/^order#2026-11-23T02:05:00\.000Z#[\w-]{36}$/),
    ]);
    for (const item of kept) expect(item).toHaveProperty("expiresAt");
  });

  test("does not miss an order whose maker died right after it, once the next one came", async () => {
    given.proxy.listener = ({ operation, phase }) =>
      operation === "PutItem" && phase === "arrived" ? "lose" : undefined;
    await expect(ledger.setStopped(ANN, "stop-1")).rejects.toThrow();
    given.proxy.listener = () => undefined;
    expect((await ledger.readOrders()).stopped).toEqual(ANN);
    expect(await readHistory()).toEqual([]);

    await ledger.clearStopped(BOB, "resume-1");

    expect((await readHistory()).map(({ change }) => change)).toEqual(["stop-everything", "resume-everything"]);
  });
});

describe("writers at the same time", () => {
  test("lose nothing: seven protect, hold and stop, while the lock is taken and given back", async () => {
    const ids = Array.from({ length: 3 }, (_, index) => `c-${index}`);
    const lock = async () => {
      for (let fence = 1; fence <= 4; ) {
        if (!(await ledger.takeLock(aLock(fence), await ledger.readOrders()))) continue;
        await ledger.releaseLock(aLock(fence));
        fence += 1;
      }
    };
    await Promise.all([
      lock(),
      ...ids.map((id) => ledger.protect([id], ANN)),
      ...ids.map((id) => ledger.holdRelease(id, aHold())),
      ledger.setStopped(ANN),
    ]);

    const orders = await ledger.readOrders();
    expect([...orders.protectedIds].sort()).toEqual([...ids].sort());
    expect(Object.keys(orders.holds).sort()).toEqual([...ids].sort());
    expect(orders).toMatchObject({ fence: 4, stopped: ANN });
    expect(orders.lock).toBeUndefined();
    expect((await readHistory()).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 7 }, (_, index) => index + 1),
    );
  });

  test("whatever they order at once, comes out as one after the other, as the history tells", async () => {
    let runs = 0;
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anOrder, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        async (rounds) => {
          runs += 1;
          const tried = createLedger(given.table, `environment-${runs}`);
          let fence = 0;
          let accepted = 0;
          for (const round of rounds) {
            const locking = tried.takeLock(aLock(fence + 1), await tried.readOrders());
            const answers = await Promise.all(round.map((order) => send(tried, order)));
            fence += (await locking) ? 1 : 0;
            accepted += answers.filter(({ kind }) => kind === "changed").length;
          }
          const orders = await tried.readOrders();
          const history = await readHistory(tried);
          expect(history.map(({ revision }) => revision)).toEqual(Array.from({ length: accepted }, (_, i) => i + 1));
          expect(orders).toEqual({
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
const anOrder: fc.Arbitrary<OrderChange> = fc.oneof(
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

function send(to: ReturnType<typeof createLedger>, change: OrderChange) {
  const { requestedBy, reason, at } = change;
  const by = { requestedBy, reason, at };
  switch (change.change) {
    case "stop-everything":
      return to.setStopped(by);
    case "resume-everything":
      return to.clearStopped(by);
    case "hold-release":
      return to.holdRelease(change.release, { ...by, ...change.hold });
    case "clear-release":
      return to.clearRelease(change.release, by);
    case "protect":
      return to.protect(change.customerIds, by);
    case "unprotect":
      return to.unprotect(change.customerIds, by);
  }
}

function replay(history: readonly OrderChange[]): Omit<Orders, "fence"> {
  return history.reduce<StandingOrders>((orders, change) => {
    const changed = changeOrders(orders, change);
    if (changed.kind === "refused") throw new Error(`kept, and yet refused: ${changed.problem}`);
    return changed.orders;
  }, NONE);
}
