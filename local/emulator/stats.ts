import type { OperationName } from "./operation-names.ts";

/** The emulator's counters since its start. */
export interface EmulatorStats {
  /** Requests by operation, with every result. */
  readonly requests: Readonly<Record<string, number>>;
  readonly signIns: number;
  /** Refused sign-ins, by form or by HTTP Basic. */
  readonly refusedSignIns: number;
  /** Replies with status 429. */
  readonly refused429: number;
  /** Replies with status 401, also for refused sign-ins. */
  readonly refused401: number;
  readonly inFlight: number;
  /** The highest number of requests in flight. */
  readonly peakInFlight: number;
  /** Faults that hit, by name. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface Counters {
  readonly requests: Map<OperationName, number>;
  readonly faults: Map<string, number>;
  refused429: number;
  refused401: number;
  inFlight: number;
  peakInFlight: number;
}

export function createCounters(): Counters {
  return { requests: new Map(), faults: new Map(), refused429: 0, refused401: 0, inFlight: 0, peakInFlight: 0 };
}

export function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
