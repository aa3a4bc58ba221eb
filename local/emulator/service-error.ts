/** An error of a ServiceStack service; the reply has a `responseStatus`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly status: number;
  readonly errorCode: string;
  readonly fieldName: string | undefined;

  constructor(status: number, errorCode: string, message: string, fieldName?: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
    this.fieldName = fieldName;
  }
}
