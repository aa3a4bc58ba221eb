import { describeReason, type Reason } from "./reasons.ts";

/**
 * A failure that no repetition mends: the durable step that meets it is not tried again, and its reasons, which say what to
 * do, go into the report.
 */
export class FinalError extends Error {
  override readonly name: string = "FinalError";
  readonly reasons: readonly Reason[];

  constructor(reasons: Reason | readonly Reason[], options?: ErrorOptions) {
    super(describeReason(reasons), options);
    this.reasons = [reasons].flat();
  }
}
