import type { Lock } from "../../../../../lambda/core/controls.ts";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Stop } from "../../../../../lambda/core/gate/decision.ts";
import type { GateInputs } from "../../../../../lambda/core/gate/evaluate-gate.ts";
import { OutOfTimeError } from "../../../../../lambda/core/out-of-time-error.ts";
import type { AlarmState } from "../../../../../lambda/core/reason-types.ts";
import { createStopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { LockLostError } from "../../../../../lambda/steps/gate/gate-poller.ts";
import { ALARMS_AGE_MS, CONTROLS_AGE_MS, createGuard } from "../../../../../lambda/steps/gate/guard.ts";
import type { Ports } from "../../../../../lambda/steps/ports.ts";
import { runChecked } from "../../../../../lambda/steps/run-checked.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCommand } from "../../core/a-snapshot.ts";
import { CONTROLS, LOCK } from "../fake-ports.ts";

const NOON: Lock = { ...LOCK, rolloutId: "noon", execution: "arn:noon", fence: 2 };
const IN_ALARM = { code: "alarm", alarm: "calls-drop", state: "ALARM" } as const;
const FIRED: Stop = { decision: "roll back", cause: "alarm", reasons: [IN_ALARM] };

/** The guard of a part in a world whose clock a test moves, with a count of its readings. */
function given({ alarms = ["calls-drop"], failed = 0 } = {}) {
  const asked = { controls: 0, alarms: 0 };
  const latched: Stop[] = [];
  const world = {
    nowMs: 1_000_000,
    alarm: "OK" as AlarmState,
    lock: LOCK,
    commandState: {} as Partial<GateInputs>,
    /** What happens while an answer of this kind is on its way. */
    onControls: async () => {},
    onAlarms: async () => {},
    onLatch: async () => {},
    wake: () => {},
  };
  const ports = {
    nowMs: () => world.nowMs,
    sleep: () =>
      new Promise<void>((resolve) => {
        world.wake = resolve;
      }),
    readAlarms: async (names: readonly string[]) => {
      asked.alarms += 1;
      const state = world.alarm;
      await world.onAlarms();
      return names.map((name) => ({ name, state }));
    },
    ledger: {
      readGateInputs: async () => {
        asked.controls += 1;
        const { lock } = world;
        await world.onControls();
        return { controls: { ...CONTROLS, fence: lock.fence, lock }, commands: [], ...world.commandState };
      },
      latchStop: async (_rolloutId: string, stop: Stop) => {
        await world.onLatch();
        latched.push(stop);
      },
    },
  } as unknown as Ports;
  const stopSignal = createStopSignal({ untilMs: Number.POSITIVE_INFINITY, nowMs: ports.nowMs });
  const rules = { onFailure: "rollback", noDataSeconds: 900, failures: [{ allowed: 2, planned: 10 }] } as const;
  const options = { rolloutId: "night", lock: LOCK, commandState: NO_COMMANDS, stopSignal, failed };
  const guard = createGuard(ports, { ...options, gateConfig: { alarms, rules } });
  return { world, asked, latched, stopSignal, guard, ports };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("controls", () => {
  test.each([
    [CONTROLS_AGE_MS - 1, 1],
    [CONTROLS_AGE_MS, 2],
  ])("that were read %i ms ago: they are read %i times", async (ageMs, controls) => {
    const { world, asked, guard } = given();
    await guard.refresh();
    world.nowMs += ageMs;

    await Promise.all([guard.assertFresh(), guard.assertFresh()]);

    expect(asked.controls).toBe(controls);
  });

  test("that are too old when their answer comes are read again: the lock may be lost", async () => {
    const { world, asked, guard } = given();
    world.onControls = async () => {
      world.nowMs += asked.controls === 1 ? CONTROLS_AGE_MS : 0;
      world.lock = NOON;
    };

    await expect(guard.assertFresh()).rejects.toThrow(LockLostError);
    expect(asked.controls).toBe(2);
  });

  test("before a batch are read anew, also when a reading is under way", async () => {
    const { world, asked, guard } = given();
    const before = guard.assertFresh();
    world.onControls = async () => {
      world.lock = NOON;
    };

    await expect(guard.refresh()).rejects.toThrow(LockLostError);
    await before;
    expect(asked.controls).toBe(2);
  });
});

describe("alarms", () => {
  test.each([
    [ALARMS_AGE_MS - 1, 1],
    [ALARMS_AGE_MS, 2],
  ])("that were read %i ms ago, before a request: they are read %i times", async (ageMs, alarms) => {
    const { world, asked, guard } = given();
    await guard.assertFresh();
    world.nowMs += ageMs;

    await Promise.all([guard.assertFresh(), guard.assertFresh(), guard.refresh()]);

    expect(asked.alarms).toBe(alarms);
  });

  test("stop a batch within a minute after one fires: no request begins, and the stop is latched", async () => {
    const { world, latched, stopSignal, guard } = given();
    await guard.refresh();
    world.alarm = "ALARM";

    world.nowMs += ALARMS_AGE_MS - 1;
    await guard.assertFresh();
    world.nowMs += 1;
    await expect(guard.assertFresh()).rejects.toThrow(OutOfTimeError);

    expect(latched).toEqual([FIRED]);
    expect(stopSignal.stopped()).toEqual(FIRED);
  });

  test("that are being read are waited for by each request that would begin", async () => {
    const { world, asked, guard } = given();
    await guard.refresh();
    world.nowMs += ALARMS_AGE_MS;
    world.alarm = "ALARM";
    const answer = Promise.withResolvers<void>();
    world.onAlarms = () => answer.promise;
    const first = guard.assertFresh();
    await settle();
    const second = guard.assertFresh();
    answer.resolve();

    await expect(first).rejects.toThrow(OutOfTimeError);
    await expect(second).rejects.toThrow(OutOfTimeError);
    expect(asked.alarms).toBe(2);
  });

  test("without data hold the rest of a batch, and are not latched", async () => {
    const { world, latched, stopSignal, guard } = given();
    world.alarm = "INSUFFICIENT_DATA";

    await expect(guard.assertFresh()).rejects.toThrow(OutOfTimeError);

    expect(stopSignal.isHeld()).toBe(true);
    expect(latched).toEqual([]);
  });

  test("are latched before the rollout acts on them: when that fails, the part fails", async () => {
    const { world, stopSignal, guard } = given();
    world.alarm = "ALARM";
    world.onLatch = async () => {
      expect(stopSignal.stopped()).toBeUndefined();
      throw new Error("no answer");
    };

    await expect(guard.refresh()).rejects.toThrow("no answer");
    expect(stopSignal.stopped()).toBeUndefined();
  });

  test("that stopped an earlier worker stop this worker, though all are OK again", async () => {
    const { world, stopSignal, guard } = given();
    world.commandState = { stop: FIRED };

    await expect(guard.assertFresh()).rejects.toThrow(OutOfTimeError);
    expect(stopSignal.stopped()).toEqual(FIRED);
  });

  test("stop nothing where none is watched, as in a rollback", async () => {
    const { world, asked, stopSignal, guard } = given({ alarms: [] });
    world.commandState = { stop: FIRED };
    world.alarm = "ALARM";

    await guard.assertFresh();
    world.nowMs += ALARMS_AGE_MS;
    await guard.assertFresh();

    expect([asked.alarms, stopSignal.stopped()]).toEqual([0, undefined]);
  });
});

describe("failures", () => {
  const EXCEEDED: Stop = {
    ...{ decision: "roll back", cause: "budget" },
    reasons: [{ code: "failure-budget", failed: 3, allowed: 2, planned: 10 }],
  };

  test("stop the rollout at the first failure beyond the budget, without another reading", async () => {
    const { asked, latched, stopSignal, guard } = given();
    await guard.refresh();

    guard.countFailures(2);
    expect(stopSignal.stopped()).toBeUndefined();
    await guard.assertFresh();
    guard.countFailures(1);

    expect(stopSignal.stopped()).toEqual(EXCEEDED);
    await expect(guard.assertFresh()).rejects.toThrow(OutOfTimeError);
    expect([asked.controls, latched]).toEqual([1, []]);
  });

  test("of earlier parts count", async () => {
    const { stopSignal, guard } = given({ failed: 2 });
    guard.countFailures(0);
    expect(stopSignal.stopped()).toBeUndefined();

    guard.countFailures(1);

    expect(stopSignal.stopped()).toEqual(EXCEEDED);
  });

  test("in a held part stop the rollout", async () => {
    const { world, stopSignal, guard } = given();
    world.alarm = "INSUFFICIENT_DATA";
    await guard.refresh();

    guard.countFailures(3);

    expect([stopSignal.isHeld(), stopSignal.stopped()]).toEqual([true, EXCEEDED]);
  });

  test("do not apply a command or an alarm twice", async () => {
    const { world, stopSignal, guard } = given();
    Object.assign(world.commandState, { commands: [aCommand({ command: "skip-all-bakes" })] });
    await guard.refresh();

    guard.countFailures(1);

    expect(guard.commandState()).toEqual({ seen: 1, skipAllBakes: true });
    expect(stopSignal.stopped()).toBeUndefined();
  });
});

describe("while each request waits for its turn at Evo Voice", () => {
  /** Work that waits until its connection is closed, after a first reading. */
  async function begin() {
    const scene = given();
    const { guard, ports, world } = scene;
    await guard.refresh();
    const closed = Promise.withResolvers<string>();
    const work = runChecked(ports, { isOver: guard.isOver, end: () => closed.resolve("closed") }, () => closed.promise);
    /** A minute passes, and the next look finds the change. */
    const find = (change: Partial<typeof world>) => {
      Object.assign(world, change, { nowMs: world.nowMs + ALARMS_AGE_MS });
      world.wake();
      return work;
    };
    return { ...scene, find };
  }
  const sending = (command: "abort" | "pause") => ({ commandState: { commands: [aCommand({ command })] } });

  test.each([
    ["alarm", { alarm: "ALARM" }],
    ["abort", sending("abort")],
  ] as const)("an %s ends the wait", async (cause, change) => {
    const { find, stopSignal } = await begin();

    expect(await find(change)).toBe("closed");
    expect(stopSignal.stopped()).toMatchObject({ cause });
  });

  test("a pause ends the wait and holds the part; the wait of the part applies the command", async () => {
    const { find, stopSignal, guard } = await begin();

    expect(await find(sending("pause"))).toBe("closed");
    expect([stopSignal.isHeld(), stopSignal.stopped()]).toEqual([true, undefined]);
    expect(guard.commandState()).toEqual(NO_COMMANDS);
  });

  test("a lock that is lost ends the wait, and the part", async () => {
    const { find, stopSignal } = await begin();

    expect(await find({ lock: NOON })).toBe("closed");
    expect(() => stopSignal.throwError()).toThrow(LockLostError);
  });

  test("a ledger that does not answer is asked again, and ends nothing", async () => {
    const { find, asked, stopSignal } = await begin();
    void find({ onControls: () => Promise.reject(new Error("no answer")) });
    await settle();
    expect(asked.controls).toBe(2);

    expect(await find({ onControls: async () => {}, alarm: "ALARM" })).toBe("closed");
    stopSignal.throwError();
  });

  test("the alarms are read once a minute, and not once the work is done", async () => {
    const { asked, guard, ports, world } = given();
    const done = Promise.withResolvers<void>();
    const work = runChecked(ports, { isOver: guard.isOver, end: () => {} }, () => done.promise);
    for (let second = 0; second < 180; second += 1) {
      world.wake();
      await settle();
      world.nowMs += 1_000;
    }
    expect(asked).toEqual({ alarms: 3, controls: 36 });
    done.resolve();
    await work;
    world.wake();
    await settle();
    expect(asked).toEqual({ alarms: 3, controls: 36 });
  });
});
