import type { OperationName } from "./operation-names.ts";
import type { RateWindow } from "./rate-limit.ts";
import type { EmulatorState } from "./state.ts";
import type { Counters } from "./stats.ts";

/** A running emulator: its state and its counters. */
export interface Service {
  readonly state: EmulatorState;
  readonly counters: Counters;
  readonly window: RateWindow;
  readonly listeners: Set<RequestListener>;
}

export interface RequestEvent {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly customerId?: string;
  /** `written`: between the write and its reply; `answered`: after the reply was sent. */
  readonly phase: "arrived" | "written" | "answered";
}

export type RequestListener = (request: RequestEvent) => void | Promise<void>;

/** Notifies the listeners and waits for them, so that they can delay a request. */
export async function notifyListeners(
  service: Service,
  about: Omit<RequestEvent, "phase"> & { readonly operation: OperationName },
  phase: RequestEvent["phase"],
): Promise<void> {
  for (const listener of service.listeners) await listener({ ...about, phase });
}
