/** A process around the worker failed, so that the local run cannot continue. */
export class LocalRunError extends Error {
  override readonly name = "LocalRunError";
}
