import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import {
  afterEndFailure,
  afterRollbackFailure,
  type RollbackProgress,
  rollbackPart,
  startEnd,
  startRollback,
} from "../../../../../lambda/steps/rollback/rollback-part.ts";
import { beforeEach, describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer, aRollout, CONTROLS, type Fakes, FLIPPED, fakePorts, useLedgerWorld } from "../fake-ports.ts";

const BATCHES = 6;
const IDS = Array.from({ length: BATCHES }, (_, index) => `c${index}`);

const world = useLedgerWorld();
let rolloutId: string;
let rollouts = 0;

beforeEach(() => {
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

const outcomeOf = (customerId: string, outcome: OutcomeKind): Outcome => {
  return { customerId, name: "", outcome, reason: { code: "confirmed-by-reply" } };
};

/** A promote that flipped one customer a batch; the newest batch is the last one. */
async function given(connection: Fakes["connection"] = {}, back: readonly string[] = []) {
  const ports = fakePorts(world(), {
    customers: IDS.map((id) => aCustomer(id, back.includes(id))),
    connection,
    ledger: { readControls: async () => CONTROLS },
  });
  const change = async (index: number, changes: Partial<Batch>) =>
    ports.ledger.recordBatch({ ...(await ports.ledger.getBatch(rolloutId, index)), ...changes });
  for (const [index, id] of IDS.entries()) {
    await ports.ledger.putBatch(rolloutId, index, [aCustomer(id)]);
    await change(index, { outcomes: [outcomeOf(id, "flipped")] });
  }
  const source = { rollouts: [{ rolloutId, batches: BATCHES }], action: "promote" as const, release: "2026.11" };
  const run = { step: "rollback-part-1", attempt: 1, invocationEndsAtMs: Date.now() + 900_000 };
  const rollback = (from: RollbackProgress = startRollback(NO_COMMANDS), step = run.step) =>
    rollbackPart(ports, aRollout(rolloutId), { ...run, step }, { source, from });
  return { rollback, change, read: (index: number) => ports.ledger.getBatch(rolloutId, index) };
}

test("a rollback gives up at the twelfth part in a row without an answer, and not before", async () => {
  const { rollback } = await given({ flip: async () => ({ result: "not begun" }) });
  let progress: RollbackProgress | undefined;
  for (let part = 1; part <= 11; part += 1) {
    progress = await rollback(progress, `rollback-part-${part}`);
    expect(progress).toMatchObject({ done: false, idleParts: part, delaySeconds: 60, pace: undefined });
    expect(progress.gaveUp).toBeUndefined();
  }

  expect((await rollback(progress, "rollback-part-12")).gaveUp).toBeDefined();
});

describe("a part of a rollback that was begun before", () => {
  test("continues from the ledger after each crash, as long as it makes progress", async () => {
    const restored: string[] = [];
    let left = 0;
    const { rollback } = await given({
      flip: async ({ customerId }) => {
        left -= 1;
        if (left < 0) throw new Error("the machine died");
        restored.push(customerId);
        return FLIPPED;
      },
    });
    for (let life = 1; life < BATCHES; life += 1) {
      left = 1;
      await expect(rollback()).rejects.toThrow("the machine died");
    }
    left = 1;

    const progress = await rollback();

    expect(progress).toMatchObject({ done: true, counts: { restored: BATCHES, conflicting: 0, failed: 0 } });
    expect(restored).toEqual(IDS.toReversed());
  });

  test("keeps a customer in doubt that a crash may have restored, until its request is answered", async () => {
    const { rollback, change, read } = await given({ flip: async () => ({ result: "not begun" }) }, ["c5"]);
    await change(5, { restoring: ["c5"] });

    await rollback();

    expect((await read(5)).restoring).toEqual(["c5"]);
    expect((await read(5)).rollback).toEqual([]);
  });

  test("is given up after three crashes at the same position", async () => {
    const { rollback } = await given({ flip: () => Promise.reject(new Error("the machine died")) });
    for (let life = 1; life <= 3; life += 1) await expect(rollback()).rejects.toThrow("the machine died");

    await expect(rollback()).rejects.toThrow(/rollback-part-1 died 3 times and made no progress/);
  });

  test("tries customers again that failed, and customers without a result", async () => {
    const restored: string[] = [];
    const { rollback, change } = await given({
      flip: async ({ customerId }) => {
        restored.push(customerId);
        return FLIPPED;
      },
    });
    await change(5, { rollback: [outcomeOf("c5", "flipped")] });
    await change(4, { rollback: [outcomeOf("c4", "failed")] });
    await change(3, { rollback: [outcomeOf("c3", "skipped")], rolledBackBy: rolloutId });

    const progress = await rollback();

    expect(progress.counts).toEqual({ restored: BATCHES - 1, conflicting: 1, failed: 0 });
    expect(restored).toEqual(["c4", "c2", "c1", "c0"]);
  });

  test.each<[Reason, number]>([
    [{ code: "protected-by-policy", by: "tag", tag: "vip" }, 1],
    [{ code: "moved-by-later-rollout", rolloutId: "noon" }, 1],
    [{ code: "customer-gone" }, 0],
  ])("checks a conflict of another rollback again, unless the conflict is final: %j", async (reason, isBack) => {
    const { rollback, change } = await given();
    const alone = { ...outcomeOf("c3", "skipped"), reason };
    await change(3, { rollback: [alone], rolledBackBy: "earlier" });

    const { counts } = await rollback();

    expect(counts).toEqual({ restored: BATCHES - 1 + isBack, conflicting: 1 - isBack, failed: 0 });
  });
});

describe("a rollback after a part failed for good", () => {
  const failed: readonly Reason[] = [{ code: "no-progress", parts: 3 }];
  const away: readonly Reason[] = [{ code: "unexpected", error: "Error", detail: "the ledger is away" }];

  test("reads its customers no more, then counts them no more, and says so", () => {
    const ended = afterRollbackFailure(startRollback(NO_COMMANDS), failed);
    expect(ended).toMatchObject({ done: true, problem: [{ code: "rollback-ended-early", why: failed }] });
    expect(startEnd(ended)).toMatchObject({ done: false, readsNoMore: true });
    const readsNoMore = afterEndFailure({ ...startEnd(ended), readsNoMore: false }, away);
    const unverified = [{}, { code: "rollback-not-verified", why: away }];
    expect(readsNoMore).toMatchObject({ done: false, readsNoMore: true, problem: unverified });
    const uncounted = [{}, {}, { code: "rollback-not-counted", why: away }];
    expect(afterEndFailure(readsNoMore, away)).toMatchObject({ done: true, problem: uncounted });
  });
});
