import type { CommandRecord } from "../../../../lambda/core/gate/apply-commands.ts";
import { OutOfTimeError } from "../../../../lambda/core/out-of-time-error.ts";
import { lookUp } from "../../../../lambda/steps/lookup/look-up.ts";
import { LOOKUP_START } from "../../../../lambda/steps/lookup/lookup-run.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";
import { type ClosableLedgerWorld, startLedgerWorld } from "../../../support/ledger.ts";
import { aCommand } from "../core/a-snapshot.ts";
import { aRollout, fakePorts, LOCK } from "./fake-ports.ts";

const RUN = { step: "look-up-1", attempt: 1, invocationEndsAtMs: Number.MAX_SAFE_INTEGER };
const ABORT = aCommand({ command: "abort", reason: "wrong release" });

let world: ClosableLedgerWorld;

beforeEach(async () => {
  world = await startLedgerWorld();
});
afterEach(() => world.close());

/** A lookup that waits for its first page until its connection is closed. The test ends each sleep. */
function lookUpForEver() {
  const closed = Promise.withResolvers<never>();
  let [clockMs, readings, wake] = [1_000_000, 0, () => {}];
  let commands: readonly CommandRecord[] | Error = [];
  const asked = Promise.withResolvers<void>();
  const ports = fakePorts(world, {
    customers: [],
    nowMs: () => clockMs,
    sleep: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    ledger: {
      readGateInputs: async () => {
        readings += 1;
        if (commands instanceof Error) throw commands;
        return { controls: { fence: 1, lock: LOCK, holds: {}, protectedIds: [] }, commands };
      },
    },
    connection: {
      readPage: () => {
        asked.resolve();
        return closed.promise;
      },
      close: () => closed.reject(new OutOfTimeError("the part was ended")),
    },
  });
  const progress = lookUp(ports, aRollout("night"), RUN, LOOKUP_START);
  return {
    progress,
    readings: () => readings,
    async pass(ms: number, sent: typeof commands) {
      await asked.promise;
      commands = sent;
      clockMs += ms;
      wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("an abort ends a lookup that gets no answer, five seconds after the last reading", async () => {
  const { progress, readings, pass } = lookUpForEver();

  await pass(4_999, [ABORT]);
  expect(readings()).toBe(1);
  await pass(1, [ABORT]);

  expect(await progress).toMatchObject({
    done: true,
    accepted: [],
    stop: { cause: "abort", reasons: [{ code: "aborted", by: "ann", why: "wrong release" }] },
  });
  expect(readings()).toBe(2);
});

test("neither another command nor a ledger that does not answer ends a lookup", async () => {
  const { progress, readings, pass } = lookUpForEver();

  await pass(5_000, [
    aCommand({ command: "pause" }),
    aCommand({ command: "skip-bake" }),
    aCommand({ command: "skip-all-bakes" }),
  ]);
  await pass(5_000, new Error("no answer"));
  expect(readings()).toBe(3);
  await pass(5_000, [ABORT]);

  expect(await progress).toMatchObject({ stop: { cause: "abort" } });
});
