import type { Flip, FlipResult } from "../rollout/flip.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Answer } from "./attempt.ts";
import { type Connection, isPage, isThrottle } from "./connection.ts";
import { readCustomer } from "./customers.ts";
import { isApiFailure, toFailure } from "./errors.ts";
import { FlipReply } from "./wire.ts";

/** What is known while a flip is tried. */
interface Doubt {
  /** A request was made that may have done it. */
  begun: boolean;
  /** The flag that was read afterwards; undefined when it could not be. */
  flag: boolean | undefined;
}

export interface FlipOptions {
  readonly attempts: number;
  /** Awaited right before each request that may write; what it throws ends the flip. */
  readonly mayBegin?: (() => Promise<void>) | undefined;
}

/**
 * Sets a customer's flag and believes only the right customer with the right flag, in the reply or read afterwards.
 * A customer's failure is a result. @throws SignInRefusedError, and what `mayBegin` throws, when nothing can have been done
 */
export async function flipCustomer(connection: Connection, flip: Flip, options: FlipOptions): Promise<FlipResult> {
  const doubt: Doubt = { begun: false, flag: undefined };
  try {
    return await flipUntilSure(connection, flip, options, doubt);
  } catch (error) {
    if (isApiFailure(error)) return { result: "failed", reason: `${error.message}${describeDoubt(doubt)}` };
    // Whatever else ended it, a refused sign-in or a lost lock too: what may have been done must not be forgotten.
    if (doubt.begun) return { result: "unresolved" };
    if (error instanceof OutOfTimeError) return { result: "not begun" };
    throw error;
  }
}

async function flipUntilSure(
  connection: Connection,
  flip: Flip,
  { attempts, mayBegin }: FlipOptions,
  doubt: Doubt,
): Promise<FlipResult> {
  const subject = { operation: "flip", customerId: flip.customerId };
  let signedOut = 0;
  /**
   * What was answered as signed out may have been done: after a second time that is read. A page is a try, a 401 none;
   * a lone 401 whose sign-in is then refused is a session that ended, and did nothing.
   */
  const isSettled = async (answer: Answer): Promise<boolean> => {
    signedOut += 1;
    doubt.begun ||= signedOut > 1 || isPage(answer);
    if (signedOut === 2 && (await isConfirmed(connection, flip, doubt))) return true;
    return isPage(answer) && signedOut >= Math.max(2, attempts);
  };
  for (let tries = 1; ; ) {
    const answer = await connection.tryOnce(toRequest(flip), { mayBegin, isSettled });
    doubt.begun ||= signedOut > 0;
    const isLast = answer.kind === "signed out" || isFinal(answer) || (tries >= attempts && !isThrottle(answer));
    const proof = await findProof(connection, flip, { answer, isLast }, doubt);
    if (proof !== undefined) return { result: "flipped", reason: proof };
    if (isLast) throw toFailure(subject, answer.kind === "answered" ? { kind: "lost", why: UNPROVED } : answer);
    if (!isThrottle(answer)) tries += 1;
    await connection.backOff(tries);
  }
}

/** What shows that the flag is set: the reply, or reading it afterwards when this answer or, in the end, any may hide a write. */
async function findProof(
  connection: Connection,
  flip: Flip,
  { answer, isLast }: { readonly answer: Answer; readonly isLast: boolean },
  doubt: Doubt,
): Promise<string | undefined> {
  if (isProof(answer, flip)) return "the reply showed it";
  doubt.begun ||= mayHaveFlipped(answer);
  const isOpen = isLast ? doubt.begun : mayHaveFlipped(answer);
  const isKnown = doubt.flag === flip.isStaging;
  if (!isOpen || !(isKnown || (await isConfirmed(connection, flip, doubt)))) return undefined;
  return `reading it again showed it, after ${describeAnswer(answer)}`;
}

const UNPROVED = "a reply with another customer or flag";

/** The flag is sent always: an absent one would mean production. */
function toRequest({ customerId, isStaging }: Flip) {
  return {
    method: "POST",
    path: `customers/${encodeURIComponent(customerId)}/staging`,
    json: { customerId, isStaging },
  } as const;
}

/** Only a 429 or a 4xx but 408 says that nothing was done; everything else may come from a proxy that lost patience. */
function mayHaveFlipped(answer: Answer): boolean {
  return !isThrottle(answer) && !isFinal(answer);
}

/** A 4xx is the same next time, but for a 408: somebody lost patience. */
function isFinal(answer: Answer): boolean {
  return answer.kind === "refused" && answer.status < 500 && answer.status !== 408;
}

function isProof(answer: Answer, { customerId, isStaging }: Flip): boolean {
  if (answer.kind !== "answered") return false;
  const reply = FlipReply.safeParse(answer.body);
  return reply.success && reply.data.id === customerId && reply.data.isStaging === isStaging;
}

/** Reads the customer afterwards; when that is not possible the flip is tried again, which is harmless. */
async function isConfirmed(connection: Connection, { customerId, isStaging }: Flip, doubt: Doubt): Promise<boolean> {
  const read = await readCustomer(connection, customerId);
  doubt.flag = read.reading === "found" ? read.customer.isStaging : undefined;
  return doubt.flag === isStaging;
}

function describeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case "answered":
      return UNPROVED;
    case "lost":
      return `no usable answer (${answer.why})`;
    case "signed out":
      return answer.status < 400 ? "a sign-in page" : `a status ${answer.status}`;
    case "refused":
    case "throttled":
      return `a status ${answer.status}`;
  }
}

function describeDoubt({ begun, flag }: Doubt): string {
  if (!begun) return "";
  return flag === undefined
    ? "; it may have been flipped all the same, its flag could not be read: look at this customer"
    : `; read afterwards, it is still ${flag ? "on staging" : "in production"}`;
}
