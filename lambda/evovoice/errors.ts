import { FinalError } from "../rollout/final-error.ts";

/** What a request was for, as a person would say it: "flip of customer 5f…". */
export interface Subject {
  readonly operation: string;
  readonly customerId?: string | undefined;
}

/** Evo Voice refused the user name and password; they are never tried again with this version of the secret. */
export class SignInRefusedError extends FinalError {
  override readonly name = "SignInRefusedError";
}

/** Evo Voice answered, but not with what was asked: a status of 4xx or, after all tries, 5xx. */
export class RequestRefusedError extends Error {
  override readonly name = "RequestRefusedError";
  readonly status: number;
  constructor(subject: Subject, status: number, errorCode: string | undefined) {
    const code = errorCode === undefined ? "" : `, ${errorCode}`;
    super(`${describe(subject)} was answered with ${status}${code}; ${adviseOn(status)}`);
    this.status = status;
  }
}

/** No usable answer came after all tries: a dropped connection, a timeout, half a body. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  constructor(subject: Subject, cause: unknown) {
    super(`${describe(subject)} got no usable answer in any try (${nameOf(cause)}); see whether Evo Voice is up`, {
      cause,
    });
  }
}

/** Whether it is Evo Voice that failed at one request, as against the whole rollout. */
export function isApiFailure(error: unknown): error is RequestRefusedError | NoAnswerError {
  return error instanceof RequestRefusedError || error instanceof NoAnswerError;
}

export function describe({ operation, customerId }: Subject): string {
  return customerId === undefined ? operation : `${operation} of customer ${customerId}`;
}

function adviseOn(status: number): string {
  if (status === 401)
    return "the session ended again right after a fresh sign-in: see whether the user may use the API";
  if (status === 403) return "the user's role may not do this: it needs SystemAdministrator, Manager or Customer";
  if (status === 404) return "see whether the customer still exists";
  if (status >= 500) return "Evo Voice failed: look at its status, then retry";
  return "see Evo Voice's documentation of this operation";
}

function nameOf(cause: unknown): string {
  if (typeof cause === "string") return cause;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : "unknown cause";
}
