import { isStop } from "../rollout/decision.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Lock, Orders } from "../rollout/records.ts";
import type { Steering } from "../rollout/steering.ts";
import { type AlarmReading, beginWatch, watchOnce } from "../rollout/watch.ts";
import type { Brake } from "./brake.ts";
import { createLockCheck, refuseLostLock } from "./hold-lock.ts";
import type { Ports } from "./ports.ts";
import type { Watched } from "./watch.ts";

/** What a part looks out for while it works: the lock, standing orders, commands and alarms. */
export interface Lookout {
  /**
   * Right before each request: orders and commands are read again when they are too old, so that they are obeyed also in a
   * batch that Evo Voice throttles for long. @throws LockLostError, and OutOfTimeError when nothing more is to begin
   */
  recent(): Promise<void>;
  /** Before each batch: what it sees may put on the brake. Gives the orders. @throws LockLostError */
  look(): Promise<Orders>;
  /** What the commands taken in so far come to. */
  steering(): Steering;
}

export interface LookoutOptions {
  readonly rolloutId: string;
  readonly lock: Lock;
  readonly watched: Watched;
  readonly steering: Steering;
  readonly brake: Brake;
}

/** How old a reading of the alarms may be: as far apart as a watch reads them. */
const ALARMS_AGE_MS = 60_000;

export function createLookout(ports: Ports, options: LookoutOptions): Lookout {
  const { rolloutId, lock, watched, brake } = options;
  let steering = options.steering;
  let alarms: readonly AlarmReading[] = [];
  let alarmsReadAtMs = Number.NEGATIVE_INFINITY;
  let isCalledOff = false;

  async function readAlarms(): Promise<void> {
    if (watched.alarms.length === 0 || ports.nowMs() - alarmsReadAtMs < ALARMS_AGE_MS) return;
    alarmsReadAtMs = ports.nowMs();
    alarms = await ports.readAlarms(watched.alarms);
  }

  async function readOrders(): Promise<Orders> {
    const { orders, commands } = await ports.ledger.readSteering(rolloutId);
    refuseLostLock(lock, orders);
    const seen = watchOnce(beginWatch(0, steering), { orders, commands, alarms }, watched.rules);
    isCalledOff = seen.decision?.decision !== "proceed";
    // What holds a part is taken in by the wait that follows; what stops it must not stop the rollback after it.
    if (seen.decision === undefined) brake.hold();
    else steering = seen.steering;
    if (isStop(seen.decision)) brake.stop(seen.decision);
    return orders;
  }

  const lockCheck = createLockCheck({ ledger: { readOrders }, nowMs: ports.nowMs }, lock);

  return {
    async recent() {
      await lockCheck.recent();
      if (isCalledOff) throw new OutOfTimeError("called off by a command, an order or an alarm");
    },
    steering: () => steering,
    async look() {
      const atMs = ports.nowMs();
      await readAlarms();
      const orders = await readOrders();
      lockCheck.note(atMs);
      return orders;
    },
  };
}
