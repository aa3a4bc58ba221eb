import type { CustomerFacts } from "../lookup/selection.ts";
import type { Reason } from "../reasons.ts";

/** Setting one customer's flag. */
export interface Flip {
  readonly customerId: string;
  readonly isStaging: boolean;
}

/**
 * The result of a flip. `not begun`: no request was sent that could have set the flag. `unresolved`: a request was sent,
 * and the time ended before its effect was known.
 */
export type FlipResult =
  | { readonly result: "flipped"; readonly reason: Reason }
  /** The code of the reason says whether a request may have set the flag (`isInDoubt`). */
  | { readonly result: "failed"; readonly reason: Reason }
  | { readonly result: "not begun" }
  | { readonly result: "unresolved" };

/** The result of reading one customer. `missing`: Evo Voice says that there is no such customer. */
export type Reading =
  | { readonly reading: "found"; readonly customer: CustomerFacts }
  | { readonly reading: "missing" }
  | { readonly reading: "unreadable"; readonly reason: Reason };
