/** A time budget ended before something could be begun or repeated; it belongs to the next part. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";
}
