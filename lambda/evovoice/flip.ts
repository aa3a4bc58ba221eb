import type { Flip, FlipResult } from "../rollout/flip.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Answer } from "./attempt.ts";
import { type Connection, isThrottle } from "./connection.ts";
import { readCustomer } from "./customers.ts";
import { isApiFailure, NoAnswerError, RequestRefusedError } from "./errors.ts";
import { FlipReply } from "./wire.ts";

/**
 * Sets a customer's flag and believes only the right customer with the right flag, in the reply or read afterwards.
 * A customer's failure is a result. @throws SignInRefusedError
 */
export async function flipCustomer(connection: Connection, flip: Flip, attempts: number): Promise<FlipResult> {
  const progress = { begun: false };
  try {
    return await flipUntilSure(connection, flip, attempts, progress);
  } catch (error) {
    if (error instanceof OutOfTimeError) return { result: progress.begun ? "unresolved" : "not begun" };
    if (isApiFailure(error)) return { result: "failed", reason: error.message };
    throw error;
  }
}

async function flipUntilSure(
  connection: Connection,
  flip: Flip,
  attempts: number,
  progress: { begun: boolean },
): Promise<FlipResult> {
  for (let tries = 1; ; ) {
    const answer = await connection.tryOnce(toRequest(flip), toSubject(flip));
    progress.begun ||= mayHaveFlipped(answer);
    if (answer.kind === "answered" && isProof(answer.body, flip))
      return { result: "flipped", reason: "the reply showed it" };
    if (answer.kind === "refused" && answer.status < 500)
      throw new RequestRefusedError(toSubject(flip), answer.status, answer.errorCode);
    if (mayHaveFlipped(answer) && (await readFlag(connection, flip.customerId)) === flip.isStaging) {
      return { result: "flipped", reason: `reading it again showed it, after ${describeAnswer(answer)}` };
    }
    if (tries >= attempts) throw new NoAnswerError(toSubject(flip), `${describeAnswer(answer)}; its flag is not known`);
    if (!isThrottle(answer)) tries += 1;
    await connection.backOff(tries);
  }
}

/** The flag is sent always: an absent one would mean production. */
function toRequest({ customerId, isStaging }: Flip) {
  return {
    method: "POST",
    path: `customers/${encodeURIComponent(customerId)}/staging`,
    json: { customerId, isStaging },
  } as const;
}

function toSubject({ customerId }: Flip) {
  return { operation: "flip", customerId };
}

/** A 429 or 503 says that nothing was done; a 5xx and a lost answer say nothing. */
function mayHaveFlipped(answer: Answer): boolean {
  return answer.kind === "answered" || answer.kind === "lost" || answer.kind === "refused";
}

function isProof(body: unknown, { customerId, isStaging }: Flip): boolean {
  const reply = FlipReply.safeParse(body);
  return reply.success && reply.data.id === customerId && reply.data.isStaging === isStaging;
}

/** Undefined when it cannot be read: then the flip is tried again, which is harmless. */
async function readFlag(connection: Connection, customerId: string): Promise<boolean | undefined> {
  const read = await readCustomer(connection, customerId);
  return read.reading === "found" ? read.customer.isStaging : undefined;
}

function describeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case "answered":
      return "a reply with another customer or flag";
    case "lost":
      return "no usable answer";
    case "refused":
    case "throttled":
    case "signed out":
      return `a status ${answer.status}`;
  }
}
