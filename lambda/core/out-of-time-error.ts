/** The time budget ended before a request could begin or be repeated. The next part sends it. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";
}
