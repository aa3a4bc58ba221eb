import type { Flip, FlipResult } from "../rollout/flip.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Connection, Tried } from "./api-client.ts";
import { readCustomer } from "./customers.ts";
import { isApiFailure, toFailure } from "./errors.ts";
import type { Answer } from "./response.ts";
import { RETRY_RULES, whatCame } from "./retry.ts";
import { FlipReply } from "./wire.ts";

/** What is known while a flip is tried. */
interface Doubt {
  /** A request was made that may have done it. */
  begun: boolean;
  /** The flag that was read afterwards; undefined when it could not be. */
  flag: boolean | undefined;
}

/**
 * Awaited right before each request that may write, with whether one before it may have done it already; what it throws
 * ends the flip.
 */
export type MayBegin = (isBegun: boolean) => Promise<void>;

/**
 * Sets a customer's flag and believes only the right customer with the right flag, in the reply or read afterwards.
 * A customer's failure is a result. @throws SignInRefusedError, and what `mayBegin` throws, when nothing can have been done
 */
export async function flipCustomer(connection: Connection, flip: Flip, mayBegin?: MayBegin): Promise<FlipResult> {
  const doubt: Doubt = { begun: false, flag: undefined };
  try {
    return await flipUntilSure(connection, flip, doubt, mayBegin);
  } catch (error) {
    if (isApiFailure(error)) {
      return { result: "failed", reason: `${error.message}${describeDoubt(doubt)}`, refused: !doubt.begun };
    }
    // Whatever else ended it, a refused sign-in or a lost lock too: what may have been done must not be forgotten.
    if (doubt.begun) return { result: "unresolved" };
    if (error instanceof OutOfTimeError) return { result: "not begun" };
    throw error;
  }
}

async function flipUntilSure(
  connection: Connection,
  flip: Flip,
  doubt: Doubt,
  mayBegin: MayBegin | undefined,
): Promise<FlipResult> {
  const subject = { operation: "flip", customerId: flip.customerId };
  let proof: string | undefined;
  const answer = await connection.run({
    request: toRequest(flip),
    subject,
    mayBegin: mayBegin && (() => mayBegin(doubt.begun)),
    isDone: async (given, after) => {
      proof = await findProof(connection, flip, { answer: given, ...after }, doubt);
      return proof !== undefined;
    },
  });
  if (proof !== undefined) return { result: "flipped", reason: proof };
  throw toFailure(subject, answer.kind === "answered" ? { kind: "lost", why: UNPROVED } : answer);
}

interface After extends Tried {
  readonly answer: Answer;
}

/** What shows that the flag is set: the reply, or reading it afterwards when this answer or, in the end, any may hide a write. */
async function findProof(
  connection: Connection,
  flip: Flip,
  { answer, signedOut, isLast }: After,
  doubt: Doubt,
): Promise<string | undefined> {
  if (isProof(answer, flip)) return "the reply showed it";
  const came = whatCame(answer);
  const { mayBeDone } = RETRY_RULES[came];
  const isOut = came === "signed out" || came === "page";
  // A lone 401 whose sign-in is then refused is a session that ended, and did nothing; after anything else it may have.
  doubt.begun ||= mayBeDone || signedOut > (isOut ? 1 : 0);
  // Of answers that only say who is not let in the second is reason enough to look.
  const looks = isOut ? signedOut === 2 : mayBeDone;
  if (!looks && !(isLast && doubt.begun)) return undefined;
  if (doubt.flag !== flip.isStaging && !(await isConfirmed(connection, flip, doubt))) return undefined;
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
