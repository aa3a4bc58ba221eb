/**
 * A failure that no repetition mends: the durable step that meets it is not tried again,
 * and its message, which says what to do, goes into the report.
 */
export class FinalError extends Error {
  override readonly name: string = "FinalError";
}
