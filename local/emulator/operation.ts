import type { IncomingHttpHeaders } from "node:http";
import type { User } from "./accounts.ts";
import type { Parameters } from "./parameters.ts";
import type { PickedFault } from "./pick-fault.ts";
import type { Reply } from "./reply.ts";
import type { EmulatorState } from "./state.ts";

/** One permitted call of an operation. */
export interface Call {
  readonly state: EmulatorState;
  readonly parameters: Parameters;
  readonly headers: IncomingHttpHeaders;
  /** The signed-in user; undefined without a session. */
  readonly user: User | undefined;
  readonly fault: PickedFault;
}

export interface Operation {
  /** The roles that may call the operation; `all` needs no sign-in. */
  readonly roles: "all" | readonly User["role"][];
  /** Whether the operation writes: listeners are notified between the write and the reply. */
  readonly writes?: boolean;
  readonly run: (call: Call) => Reply;
}
