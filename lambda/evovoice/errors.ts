import { FinalError } from "../core/final-error.ts";
import type { RequestReason } from "../core/reason-types.ts";
import type { ApiResponse } from "./response.ts";

/** What a request is for, as error messages name it. */
export interface ApiOperation {
  /** As in "flip of customer 5f…". */
  readonly operation: string;
  /** The operation's name in the API document. */
  readonly api?: string | undefined;
  readonly customerId?: string | undefined;
}

export const SIGN_IN: ApiOperation = { operation: "sign-in" };

/** Evo Voice refused the user name and password. This version of the secret is never tried again. */
export class SignInRefusedError extends FinalError {
  override readonly name = "SignInRefusedError";

  constructor(versionId: string) {
    super({ code: "sign-in-refused", versionId });
  }
}

/** Evo Voice failed at one request, which does not end the rollout. */
abstract class ApiError extends FinalError {
  readonly reason: RequestReason;

  constructor(reason: RequestReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Evo Voice answered with a status of 3xx, 4xx or, in the last attempt, 5xx. */
export class RequestRefusedError extends ApiError {
  override readonly name = "RequestRefusedError";
  readonly status: number;
  readonly errorCode: string | undefined;
  /** Absent when the request was about no customer, for example a sign-in. */
  readonly customerId: string | undefined;

  constructor({ operation, customerId }: ApiOperation, status: number, errorCode?: string) {
    super({ code: "request-refused", operation, customerId, status, errorCode });
    this.status = status;
    this.errorCode = errorCode;
    this.customerId = customerId;
  }
}

/** No attempt got a usable answer: a dropped connection, a timeout, half a body. The message never quotes a body. */
export class NoAnswerError extends ApiError {
  override readonly name = "NoAnswerError";

  constructor({ operation, customerId }: ApiOperation, why: string) {
    super({ code: "no-answer", operation, customerId, why });
  }
}

/** Every attempt got a reply that differs from the API document. The message names the fields, but no value. */
export class UnreadableReplyError extends ApiError {
  override readonly name = "UnreadableReplyError";

  constructor({ operation, customerId, api }: ApiOperation, mismatch: string) {
    super({ code: "unreadable-reply", operation, customerId, api, misfit: mismatch });
  }
}

/** Whether the error is about one request. Such an error does not end the rollout. */
export function isApiFailure(error: unknown): error is RequestRefusedError | NoAnswerError | UnreadableReplyError {
  return error instanceof ApiError;
}

/** The reason without the customer, whose outcome names it: so equal reasons of many customers are one. */
export function toOwnReason({ reason }: { readonly reason: RequestReason }): RequestReason {
  return { ...reason, customerId: undefined };
}

/** The error for the response to the last attempt. */
export function toFailure(operation: ApiOperation, response: ApiResponse): RequestRefusedError | NoAnswerError {
  switch (response.kind) {
    case "ok":
      // Only a flip checks a reply without decoding it.
      return new NoAnswerError(operation, "a reply with another customer or flag");
    case "lost":
      return new NoAnswerError(operation, response.why);
    default:
      return new RequestRefusedError(
        operation,
        response.status,
        "errorCode" in response ? response.errorCode : undefined,
      );
  }
}
