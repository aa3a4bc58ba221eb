/** Thrown when something around the worker fails, so that the local run cannot continue; its message is for a person. */
export class LocalRunError extends Error {
  override readonly name = "LocalRunError";
}
