import { describe, expect, test } from "@jest/globals";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Stop } from "../../../../../lambda/core/gate/decision.ts";
import type { AlarmState } from "../../../../../lambda/core/gate/evaluate-gate.ts";
import { OutOfTimeError } from "../../../../../lambda/core/out-of-time-error.ts";
import type { GateInputs, Lock } from "../../../../../lambda/core/records.ts";
import { createStopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { ALARMS_AGE_MS, createGuard } from "../../../../../lambda/steps/gate/guard.ts";
import { CONTROLS_AGE_MS, LockLostError } from "../../../../../lambda/steps/gate/lock.ts";
import type { Ports } from "../../../../../lambda/steps/ports.ts";
import { aCommand } from "../../core/a-sight.ts";
import { LOCK } from "../fake-ports.ts";

const NOON: Lock = { ...LOCK, rolloutId: "noon", execution: "arn:noon", fence: 2 };
const FIRED: Stop = { decision: "roll back", cause: "alarm", reasons: ["alarm calls-drop is in ALARM"] };

/** A part's lookout in a world whose clock stands until it is moved, with all that it asks of it. */
function given({ alarms = ["calls-drop"] }: { readonly alarms?: readonly string[] } = {}) {
  const asked = { controls: 0, alarms: 0 };
  const noted: Stop[] = [];
  const world = {
    nowMs: 1_000_000,
    alarm: "OK" as AlarmState,
    lock: LOCK,
    commandState: {} as Partial<GateInputs>,
    /** What happens while an answer of this kind is on its way. */
    onOrders: async () => {},
    onAlarms: async () => {},
    onNote: async () => {},
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
      const readings = names.map((name) => ({ name, state: world.alarm }));
      await world.onAlarms();
      return readings;
    },
    ledger: {
      readGateInputs: async () => {
        asked.controls += 1;
        const { lock } = world;
        await world.onOrders();
        return {
          controls: { fence: lock.fence, lock, holds: {}, protectedIds: [] },
          commands: [],
          ...world.commandState,
        };
      },
      latchStop: async (_rolloutId: string, stop: Stop) => {
        await world.onNote();
        noted.push(stop);
      },
    },
  } as unknown as Ports;
  const stopSignal = createStopSignal({ untilMs: Number.POSITIVE_INFINITY, nowMs: ports.nowMs });
  const rules = { onFailure: "rollback", noDataSeconds: 900 } as const;
  const gateConfig = { alarms, rules, overridden: [] };
  const guard = createGuard(ports, {
    rolloutId: "night",
    lock: LOCK,
    gateConfig,
    commandState: NO_COMMANDS,
    stopSignal,
  });
  return { world, asked, noted, stopSignal, guard };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("controls", () => {
  test.each([
    [CONTROLS_AGE_MS - 1, 1],
    [CONTROLS_AGE_MS, 2],
  ])("that were read %i ms ago: they are read %i times", async (ageMs, controls) => {
    const { world, asked, guard } = given();
    await guard.look();
    world.nowMs += ageMs;

    await Promise.all([guard.recent(), guard.recent()]);

    expect(asked.controls).toBe(controls);
  });

  test("whose answer is too old when it comes are read again: the lock may have been lost meanwhile", async () => {
    const { world, asked, guard } = given();
    world.onOrders = async () => {
      world.nowMs += asked.controls === 1 ? CONTROLS_AGE_MS : 0;
      world.lock = NOON;
    };

    await expect(guard.recent()).rejects.toThrow(LockLostError);
    expect(asked.controls).toBe(2);
  });

  test("before a batch are never those of a reading that had begun before", async () => {
    const { world, asked, guard } = given();
    const before = guard.recent();
    world.onOrders = async () => {
      world.lock = NOON;
    };

    await expect(guard.look()).rejects.toThrow(LockLostError);
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
    await guard.recent();
    world.nowMs += ageMs;

    await Promise.all([guard.recent(), guard.recent(), guard.look()]);

    expect(asked.alarms).toBe(alarms);
  });

  test("of which one fires in a batch end it within a minute: nothing more begins, and why is noted", async () => {
    const { world, noted, stopSignal, guard } = given();
    await guard.look();
    world.alarm = "ALARM";

    world.nowMs += ALARMS_AGE_MS - 1;
    await guard.recent();
    world.nowMs += 1;
    await expect(guard.recent()).rejects.toThrow(OutOfTimeError);

    expect(noted).toEqual([FIRED]);
    expect(stopSignal.stopped()).toEqual(FIRED);
  });

  test("that are being read are waited for by whoever would begin a request", async () => {
    const { world, asked, guard } = given();
    await guard.look();
    world.nowMs += ALARMS_AGE_MS;
    world.alarm = "ALARM";
    const answer = Promise.withResolvers<void>();
    world.onAlarms = () => answer.promise;
    const first = guard.recent();
    await settle();
    const second = guard.recent();
    answer.resolve();

    await expect(first).rejects.toThrow(OutOfTimeError);
    await expect(second).rejects.toThrow(OutOfTimeError);
    expect(asked.alarms).toBe(2);
  });

  test("without data hold the rest of a batch, and nothing is noted", async () => {
    const { world, noted, stopSignal, guard } = given();
    world.alarm = "INSUFFICIENT_DATA";

    await expect(guard.recent()).rejects.toThrow(OutOfTimeError);

    expect(stopSignal.isHeld()).toBe(true);
    expect(noted).toEqual([]);
  });

  test("are noted before anything is done about them: when they cannot be, the part fails", async () => {
    const { world, stopSignal, guard } = given();
    world.alarm = "ALARM";
    world.onNote = async () => {
      expect(stopSignal.stopped()).toBeUndefined();
      throw new Error("no answer");
    };

    await expect(guard.look()).rejects.toThrow("no answer");
    expect(stopSignal.stopped()).toBeUndefined();
  });

  test("that an earlier worker saw stop this one, though all are OK again", async () => {
    const { world, stopSignal, guard } = given();
    world.commandState = { stop: FIRED };

    await expect(guard.recent()).rejects.toThrow(OutOfTimeError);
    expect(stopSignal.stopped()).toEqual(FIRED);
  });

  test("stop nothing where none is watched, as on the way back", async () => {
    const { world, asked, stopSignal, guard } = given({ alarms: [] });
    world.commandState = { stop: FIRED };
    world.alarm = "ALARM";

    await guard.recent();
    world.nowMs += ALARMS_AGE_MS;
    await guard.recent();

    expect([asked.alarms, stopSignal.stopped()]).toEqual([0, undefined]);
  });
});

describe("while everybody waits for a turn at Evo Voice", () => {
  /** Work that waits until its connection is closed. */
  function wait({ guard }: ReturnType<typeof given>) {
    const closed = Promise.withResolvers<string>();
    return guard.during({ close: () => closed.resolve("closed") }, () => closed.promise);
  }

  test.each<[string, (world: ReturnType<typeof given>["world"]) => void, object]>([
    ["an alarm", (world) => Object.assign(world, { alarm: "ALARM" }), { cause: "alarm" }],
    [
      "an abort",
      (world) => Object.assign(world.commandState, { commands: [aCommand({ command: "abort" })] }),
      { cause: "abort" },
    ],
  ])("%s ends the wait", async (_what, happen, stop) => {
    const scene = given();
    await scene.guard.look();
    const work = wait(scene);
    happen(scene.world);
    scene.world.nowMs += ALARMS_AGE_MS;
    scene.world.wake();

    expect(await work).toBe("closed");
    expect(scene.stopSignal.stopped()).toMatchObject(stop);
  });

  test("a lock that is lost ends the wait, and the part", async () => {
    const scene = given();
    const work = wait(scene);
    scene.world.lock = NOON;
    scene.world.wake();

    expect(await work).toBe("closed");
    expect(() => scene.stopSignal.throwError()).toThrow(LockLostError);
  });

  test("a ledger that does not answer is asked again, and ends nothing", async () => {
    const scene = given();
    const work = wait(scene);
    scene.world.onOrders = () => Promise.reject(new Error("no answer"));
    scene.world.wake();
    await settle();
    expect(scene.asked.controls).toBe(1);

    scene.world.onOrders = async () => {};
    scene.world.alarm = "ALARM";
    scene.world.nowMs += ALARMS_AGE_MS;
    scene.world.wake();

    expect(await work).toBe("closed");
    scene.stopSignal.throwError();
  });

  test("the alarms are read once a minute, and nobody looks once the work is done", async () => {
    const scene = given();
    const done = Promise.withResolvers<void>();
    const work = scene.guard.during({ close: () => {} }, () => done.promise);
    for (let second = 0; second < 180; second += 1) {
      scene.world.wake();
      await settle();
      scene.world.nowMs += 1_000;
    }
    expect(scene.asked).toEqual({ alarms: 3, controls: 36 });
    done.resolve();
    await work;
    scene.world.wake();
    await settle();
    expect(scene.asked).toEqual({ alarms: 3, controls: 36 });
  });
});
