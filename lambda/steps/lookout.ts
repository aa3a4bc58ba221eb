import { isStop } from "../rollout/decision.ts";
import type { Lock, Orders } from "../rollout/records.ts";
import type { Steering } from "../rollout/steering.ts";
import { type AlarmReading, beginWatch, watchOnce } from "../rollout/watch.ts";
import type { Brake } from "./brake.ts";
import { createLockCheck, type LockCheck, refuseLostLock } from "./hold-lock.ts";
import type { Ports } from "./ports.ts";
import type { Watched } from "./watch.ts";

/** What a part looks out for while it works: the lock, standing orders, commands and alarms. */
export interface Lookout extends Pick<LockCheck, "recent"> {
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
  const lockCheck = createLockCheck(ports, lock);
  let steering = options.steering;
  let alarms: readonly AlarmReading[] = [];
  let alarmsReadAtMs = Number.NEGATIVE_INFINITY;

  async function readAlarms(): Promise<void> {
    if (watched.alarms.length === 0 || ports.nowMs() - alarmsReadAtMs < ALARMS_AGE_MS) return;
    alarmsReadAtMs = ports.nowMs();
    alarms = await ports.readAlarms(watched.alarms);
  }

  return {
    recent: lockCheck.recent,
    steering: () => steering,
    async look() {
      const atMs = ports.nowMs();
      const [{ orders, commands }] = await Promise.all([ports.ledger.readSteering(rolloutId), readAlarms()]);
      refuseLostLock(lock, orders);
      lockCheck.note(atMs);
      const seen = watchOnce(beginWatch(0, steering), { orders, commands, alarms }, watched.rules);
      // What holds a part is taken in by the wait that follows; what stops it must not stop the rollback after it.
      if (seen.decision === undefined) brake.hold();
      else steering = seen.steering;
      if (isStop(seen.decision)) brake.stop(seen.decision);
      return orders;
    },
  };
}
