import { FinalError } from "../core/final-error.ts";
import type { ApiResponse } from "./response.ts";

/** What a request is for, as error messages name it. */
export interface ApiOperation {
  /** As in "flip of customer 5f…". */
  readonly operation: string;
  /** The API's own name of the operation, where its replies are documented. */
  readonly api?: string | undefined;
  readonly customerId?: string | undefined;
}

export const SIGN_IN: ApiOperation = { operation: "sign-in" };

/** Evo Voice refused the user name and password. They are never tried again with this version of the secret. */
export class SignInRefusedError extends FinalError {
  override readonly name = "SignInRefusedError";
  readonly versionId: string;
  constructor(versionId: string) {
    super(
      `Evo Voice refused the sign-in with version ${versionId} of the secret (a wrong user name or password, or a locked account); no customer is flipped from here on, and this version is not tried again, so that the account is not locked: unlock the account if need be, then put the user name and password into the secret again`,
    );
    this.versionId = versionId;
  }
}

/** Evo Voice answered with a status of 3xx, 4xx or, in the last attempt, 5xx. */
export class RequestRefusedError extends FinalError {
  override readonly name = "RequestRefusedError";
  readonly status: number;
  readonly errorCode: string | undefined;
  /** Absent when the request was about no customer, such as the sign-in that another request needed. */
  readonly customerId: string | undefined;
  constructor(operation: ApiOperation, status: number, errorCode?: string) {
    const code = errorCode === undefined ? "" : `, ${errorCode}`;
    const response = status < 400 ? "a sign-in page instead of data" : `${status}${code}`;
    super(`${describe(operation)} was answered with ${response}; ${adviseOn(status, operation)}`);
    this.status = status;
    this.errorCode = errorCode;
    this.customerId = operation.customerId;
  }
}

/** No attempt got a usable answer: a dropped connection, a timeout, half a body. `why` never quotes a body. */
export class NoAnswerError extends FinalError {
  override readonly name = "NoAnswerError";
  constructor(operation: ApiOperation, why: string) {
    super(`${describe(operation)} got no usable answer in any try (${why}); see whether Evo Voice is up`);
  }
}

/** Every attempt got a reply whose fields are not what the API documents. `mismatch` names the fields, and no value. */
export class UnreadableReplyError extends FinalError {
  override readonly name = "UnreadableReplyError";
  constructor(operation: ApiOperation, mismatch: string) {
    const api = operation.api === undefined ? "" : ` (${operation.api})`;
    super(
      `${describe(operation)}${api} was answered with what cannot be read, and nothing is guessed from it: ${mismatch}; have this corrected in Evo Voice, then send the event again`,
    );
  }
}

/** Whether Evo Voice failed at one request, which does not end the rollout. */
export function isApiFailure(error: unknown): error is RequestRefusedError | NoAnswerError | UnreadableReplyError {
  return [RequestRefusedError, NoAnswerError, UnreadableReplyError].some((each) => error instanceof each);
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

function describe({ operation, customerId }: ApiOperation): string {
  return customerId === undefined ? operation : `${operation} of customer ${customerId}`;
}

function adviseOn(status: number, { customerId }: ApiOperation): string {
  if (status < 400) return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 401)
    return "the session ended again right after a fresh sign-in: see whether the user may use the API";
  if (status === 403) return "the user's role may not do this: it needs SystemAdministrator, Manager or Customer";
  if (status === 404 && customerId === undefined) return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 404) return "see whether the customer still exists";
  if (status >= 500) return "Evo Voice failed: look at its status, then retry";
  return "see Evo Voice's documentation of this operation";
}
