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

/** Evo Voice refused the user name and password. This version of the secret is not tried again. */
export class SignInRefusedError extends FinalError {
  override readonly name = "SignInRefusedError";

  constructor(versionId: string) {
    super({ code: "sign-in-refused", versionId });
  }
}

/** Evo Voice accepts the sign-in, and lets no fresh session do this. */
export function toSessionRejected({ operation, api }: ApiOperation): FinalError {
  return new FinalError({ code: "session-rejected", operation: api ?? operation });
}

/** Evo Voice failed at one request, which does not end the rollout. The reason quotes no body and no value. */
export class RequestFailedError extends FinalError {
  override readonly name = "RequestFailedError";
  readonly reason: RequestReason;

  constructor(reason: RequestReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Every attempt got a reply that differs from the API document; `misfit` names the fields. */
export function toUnreadable({ operation, customerId, api }: ApiOperation, misfit: string): RequestFailedError {
  return new RequestFailedError({ code: "unreadable-reply", operation, customerId, api, misfit });
}

/** No attempt got a usable answer: a dropped connection, a timeout, half a body. */
export function toNoAnswer({ operation, customerId }: ApiOperation, why: string): RequestFailedError {
  return new RequestFailedError({ code: "no-answer", operation, customerId, why });
}

/** The error for the response to the last attempt. */
export function toFailure(asked: ApiOperation, response: ApiResponse): RequestFailedError {
  // Only a flip checks a reply without decoding it.
  if (response.kind === "ok") return toNoAnswer(asked, "a reply with another customer or flag");
  if (response.kind === "lost") return toNoAnswer(asked, response.why);
  const { operation, customerId } = asked;
  const errorCode = "errorCode" in response ? response.errorCode : undefined;
  return new RequestFailedError({ code: "request-refused", operation, customerId, status: response.status, errorCode });
}

/** The reason without the customer, whose outcome names it: so equal reasons of many customers are one. */
export function toOwnReason({ reason }: RequestFailedError): RequestReason {
  return { ...reason, customerId: undefined };
}
