export type RefusalStatus = 400 | 401 | 404 | 405 | 409 | 413 | 415 | 422;

/** The message goes to the sender; `reason` is for the log only. */
export class RefusedDeliveryError extends Error {
  override readonly name = "RefusedDeliveryError";
  readonly status: RefusalStatus;
  readonly reason: string;

  constructor(message: string, options: ErrorOptions & { readonly status: RefusalStatus; readonly reason?: string }) {
    super(message, options);
    this.status = options.status;
    this.reason = options.reason ?? message;
  }
}
