import type { IncomingHttpHeaders } from "node:http";
import type { User } from "./accounts.ts";
import type { Parameters } from "./parameters.ts";
import type { PickedFault } from "./pick-fault.ts";
import type { Reply } from "./reply.ts";
import type { EmulatorState } from "./state.ts";

/** One call of an operation by somebody who may call it. */
export interface Call {
  readonly state: EmulatorState;
  readonly parameters: Parameters;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  /** Who is signed in; the open operations can be called by nobody. */
  readonly user: User | undefined;
  readonly fault: PickedFault;
}

export interface Operation {
  /** Who may call it. */
  readonly roles: "everybody" | readonly User["role"][];
  /** Whether it writes: a listener is told between the write and the reply. */
  readonly writes?: boolean;
  readonly run: (call: Call) => Reply;
}
