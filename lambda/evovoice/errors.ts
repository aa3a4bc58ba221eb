import { FinalError } from "../rollout/final-error.ts";
import type { Answer } from "./response.ts";

/** What a request was for, as a person would say it: "flip of customer 5f…". */
export interface Subject {
  readonly operation: string;
  /** The API's own name for it, where its replies are documented. */
  readonly api?: string | undefined;
  readonly customerId?: string | undefined;
}

export const SIGN_IN: Subject = { operation: "sign-in" };

/** Evo Voice refused the user name and password; they are never tried again with this version of the secret. */
export class SignInRefusedError extends FinalError {
  override readonly name = "SignInRefusedError";
}

/** Evo Voice answered, but not with what was asked: a status of 3xx, 4xx or, after all tries, 5xx. */
export class RequestRefusedError extends FinalError {
  override readonly name = "RequestRefusedError";
  readonly status: number;
  readonly errorCode: string | undefined;
  /** Absent when the request was about none, such as the sign-in that another request needed. */
  readonly customerId: string | undefined;
  constructor(subject: Subject, status: number, errorCode?: string) {
    const code = errorCode === undefined ? "" : `, ${errorCode}`;
    const answer = status < 400 ? "a sign-in page instead of data" : `${status}${code}`;
    super(`${describe(subject)} was answered with ${answer}; ${adviseOn(status, subject)}`);
    this.status = status;
    this.errorCode = errorCode;
    this.customerId = subject.customerId;
  }
}

/** No usable answer came after all tries: a dropped connection, a timeout, half a body. `why` never quotes one. */
export class NoAnswerError extends FinalError {
  override readonly name = "NoAnswerError";
  constructor(subject: Subject, why: string) {
    super(`${describe(subject)} got no usable answer in any try (${why}); see whether Evo Voice is up`);
  }
}

/** Replies came, in every try, but with fields that are not what the API documents. `misfit` names them, and no value. */
export class UnreadableReplyError extends FinalError {
  override readonly name = "UnreadableReplyError";
  constructor(subject: Subject, misfit: string) {
    const api = subject.api === undefined ? "" : ` (${subject.api})`;
    super(
      `${describe(subject)}${api} was answered with what cannot be read, and nothing is guessed from it: ${misfit}; have this corrected in Evo Voice, then send the event again`,
    );
  }
}

/** Whether it is Evo Voice that failed at one request, as against the whole rollout. */
export function isApiFailure(error: unknown): error is RequestRefusedError | NoAnswerError | UnreadableReplyError {
  return [RequestRefusedError, NoAnswerError, UnreadableReplyError].some((each) => error instanceof each);
}

/** The error for an answer that is none, after the last try. */
export function toFailure(subject: Subject, answer: Exclude<Answer, { kind: "answered" }>) {
  if (answer.kind === "lost") return new NoAnswerError(subject, answer.why);
  return new RequestRefusedError(subject, answer.status, answer.kind === "refused" ? answer.errorCode : undefined);
}

function describe({ operation, customerId }: Subject): string {
  return customerId === undefined ? operation : `${operation} of customer ${customerId}`;
}

function adviseOn(status: number, { customerId }: Subject): string {
  if (status < 400) return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 401)
    return "the session ended again right after a fresh sign-in: see whether the user may use the API";
  if (status === 403) return "the user's role may not do this: it needs SystemAdministrator, Manager or Customer";
  if (status === 404 && customerId === undefined) return "see whether the policy's baseUrl is Evo Voice's API";
  if (status === 404) return "see whether the customer still exists";
  if (status >= 500) return "Evo Voice failed: look at its status, then retry";
  return "see Evo Voice's documentation of this operation";
}
