import type { Flip, FlipResult } from "../core/flip/flip-result.ts";
import { OutOfTimeError } from "../core/out-of-time-error.ts";
import type { Reason } from "../core/reasons.ts";
import type { ApiClient, AttemptsSoFar } from "./api-client.ts";
import { readCustomer } from "./customers.ts";
import { RequestFailedError, toFailure, toOwnReason } from "./errors.ts";
import type { ApiResponse } from "./response.ts";
import { RETRY_RULES } from "./retry.ts";
import { FlipReply } from "./wire.ts";

/** A flip in progress. */
interface TriedFlip {
  readonly client: ApiClient;
  readonly flip: Flip;
  /** Whether a request was sent that may have set the flag. */
  mayBeDone: boolean;
  /** The first answer that may hide a write. */
  after?: string;
  /** The flag that a later read showed; undefined when no read succeeded. */
  flag: boolean | undefined;
}

/** `mayBeDone`: an earlier request may have set the flag. */
export type BeforeSend = (mayBeDone: boolean) => Promise<void>;

/**
 * Sets a customer's flag. A flip counts only when the reply or a later read shows the right customer with the right
 * flag. A failure of the customer is a result, not an error.
 * @throws what no sign-in helps against, and the errors of `beforeSend`, when no request can have written
 */
export async function flipCustomer(client: ApiClient, flip: Flip, beforeSend?: BeforeSend): Promise<FlipResult> {
  const tried: TriedFlip = { client, flip, mayBeDone: false, flag: undefined };
  try {
    return { result: "flipped", reason: await flipUntilProved(tried, beforeSend) };
  } catch (error) {
    if (error instanceof RequestFailedError) {
      return { result: "failed", reason: withDoubt(toOwnReason(error), tried) };
    }
    // A refused sign-in or a lost lock must not hide a write that may have been done.
    if (tried.mayBeDone) return { result: "unresolved" };
    if (error instanceof OutOfTimeError) return { result: "not begun" };
    throw error;
  }
}

/** Gives what proves the flip. */
async function flipUntilProved(tried: TriedFlip, beforeSend?: BeforeSend): Promise<Reason> {
  const { client, flip } = tried;
  const { customerId, isStaging } = flip;
  const operation = { operation: "flip", customerId };
  let proof: Reason | undefined;
  const response = await client.send({
    method: "POST",
    path: `customers/${encodeURIComponent(customerId)}/staging`,
    // An absent flag would mean production.
    json: { customerId, isStaging },
    operation,
    beforeSend: beforeSend && (() => beforeSend(tried.mayBeDone)),
    isDone: async (received, soFar) => {
      proof = isProof(received, flip)
        ? { code: "confirmed-by-reply", ...(tried.after !== undefined && { after: tried.after }) }
        : await findProofByReading(tried, { ...soFar, response: received });
      return proof !== undefined;
    },
  });
  if (proof === undefined) throw toFailure(operation, response);
  return proof;
}

function isProof(response: ApiResponse, { customerId, isStaging }: Flip): boolean {
  if (response.kind !== "ok") return false;
  const reply = FlipReply.safeParse(response.body);
  return reply.success && reply.data.id === customerId && reply.data.isStaging === isStaging;
}

interface LastAttempt extends AttemptsSoFar {
  readonly response: ApiResponse;
}

/** Reads the customer when this response may hide a write, or, after the last attempt, when an earlier response may. */
async function findProofByReading(
  tried: TriedFlip,
  { response, signedOut, isLast }: LastAttempt,
): Promise<Reason | undefined> {
  const { mayBeDone } = RETRY_RULES[response.kind];
  tried.mayBeDone ||= mayBeDone;
  if (mayBeDone) tried.after ??= describeResponse(response);
  // The first login page most likely says that the session has ended; after the second, the customer is read.
  const reads = response.kind === "login-page" ? signedOut === 2 : mayBeDone;
  if (!reads && !(isLast && tried.mayBeDone)) return undefined;
  if (tried.flag !== tried.flip.isStaging && !(await isConfirmed(tried))) return undefined;
  return { code: "confirmed-by-reading", after: describeResponse(response) };
}

/** Reads the customer. When the read fails, the flip is sent again, which is harmless. */
async function isConfirmed(tried: TriedFlip): Promise<boolean> {
  const read = await readCustomer(tried.client, tried.flip.customerId);
  tried.flag = read.reading === "found" ? read.customer.isStaging : undefined;
  // A customer that does not exist is on no server.
  if (read.reading === "missing") tried.mayBeDone = false;
  return tried.flag === tried.flip.isStaging;
}

function describeResponse(response: ApiResponse): string {
  switch (response.kind) {
    case "ok":
      return "a reply with another customer or flag";
    case "lost":
      return `no usable answer (${response.why})`;
    case "login-page":
      return "a sign-in page";
    case "unauthenticated":
    case "throttled":
    case "unavailable":
    case "server-error":
    case "rejected":
      return `a status ${response.status}`;
  }
}

function withDoubt(why: Reason, { mayBeDone, flag }: TriedFlip): Reason {
  if (!mayBeDone) return why;
  return flag === undefined ? { code: "may-be-flipped", why } : { code: "not-applied", isStaging: flag, why };
}
