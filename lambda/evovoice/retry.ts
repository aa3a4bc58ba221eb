import type { ResponseClass } from "./response.ts";

/** A sign-in is sent by the session itself. What may have been a refusal is not repeated, because accounts can lock. */
export type Sender = "request" | "sign-in";

export interface RetryRule {
  readonly again: "never" | "later" | "in a new session";
  /** Whether the attempt counts against the most attempts. */
  readonly counts: boolean;
}

const NEVER: RetryRule = { again: "never", counts: true };
const LATER: RetryRule = { again: "later", counts: true };
/** A busy server is no failure: it passes, however long it takes. */
const LATER_UNCOUNTED: RetryRule = { again: "later", counts: false };
const NEW_SESSION: RetryRule = { again: "in a new session", counts: true };
const NEW_SESSION_UNCOUNTED: RetryRule = { again: "in a new session", counts: false };

type RetryRules = Readonly<Record<Sender, RetryRule>> & {
  /** Whether a write may have been done all the same: it is read before it is sent again. */
  readonly mayBeDone: boolean;
};

/** When to send again. `ok` stands for a response that its sender does not accept: the old flag, another customer. */
export const RETRY_RULES: Readonly<Record<ResponseClass, RetryRules>> = {
  ok: { request: LATER, "sign-in": NEVER, mayBeDone: true },
  throttled: { request: LATER_UNCOUNTED, "sign-in": LATER_UNCOUNTED, mayBeDone: false },
  unavailable: { request: LATER, "sign-in": LATER, mayBeDone: true },
  "server-error": { request: LATER, "sign-in": NEVER, mayBeDone: true },
  lost: { request: LATER, "sign-in": LATER, mayBeDone: true },
  unauthenticated: { request: NEW_SESSION_UNCOUNTED, "sign-in": NEVER, mayBeDone: false },
  "login-page": { request: NEW_SESSION, "sign-in": NEVER, mayBeDone: true },
  rejected: { request: NEVER, "sign-in": NEVER, mayBeDone: false },
};

/** The attempts of one request so far. */
export interface Attempts {
  /** Those that count. */
  readonly attempts: number;
  /** Those that met a 401 or a login page. */
  readonly signedOut: number;
}

export const NO_ATTEMPTS: Attempts = { attempts: 0, signedOut: 0 };

export function isSignedOut(kind: ResponseClass): boolean {
  return kind === "unauthenticated" || kind === "login-page";
}

export function countAttempt({ attempts, signedOut }: Attempts, kind: ResponseClass, sender: Sender): Attempts {
  return {
    attempts: attempts + (RETRY_RULES[kind][sender].counts ? 1 : 0),
    signedOut: signedOut + (isSignedOut(kind) ? 1 : 0),
  };
}

/** Requests of other callers may end a session before this request's turn comes, but not for ever. */
const MOST_SIGNED_OUT = 50;

export interface NextAttempt {
  readonly again: RetryRule["again"];
  /** Whether to wait a little first. */
  readonly waits: boolean;
  /** Whether another attempt would follow if there had been fewer. */
  readonly isExhausted: boolean;
}

export interface AttemptLimits {
  readonly mostAttempts: number;
  /** New sessions do not help any more. */
  readonly isSessionBroken: boolean;
}

/** Whether and when to send again; `attempts` includes the one that got this response. */
export function decideNext(
  kind: ResponseClass,
  sender: Sender,
  { attempts, signedOut }: Attempts,
  { mostAttempts, isSessionBroken }: AttemptLimits,
): NextAttempt {
  const { again, counts } = RETRY_RULES[kind][sender];
  const isRenewed = again === "in a new session";
  // The first login page may only be the end of a session: it is never the last attempt, and no reason to wait.
  const isSpent = counts && attempts >= mostAttempts && !(isRenewed && signedOut === 1);
  const isExhausted =
    again !== "never" && (isSpent || (isRenewed && (isSessionBroken || signedOut >= MOST_SIGNED_OUT)));
  if (again === "never" || isExhausted) return { again: "never", waits: false, isExhausted };
  return { again, waits: !isRenewed || (counts && signedOut > 1), isExhausted };
}
