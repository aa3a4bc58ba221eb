import type { ResponseClass } from "./response.ts";

/** The session sends sign-ins. A response that may be a refusal is not repeated, because accounts can lock. */
export type Sender = "request" | "sign-in";

export interface RetryRule {
  readonly again: "never" | "later" | "in a new session";
  /** Whether the attempt counts towards the limit, and is followed by a wait of its own. */
  readonly counts: boolean;
}

const NEVER: RetryRule = { again: "never", counts: true };
const LATER: RetryRule = { again: "later", counts: true };
/** A busy server is not a failure, so such attempts have no limit. The limiter makes all callers wait. */
const LATER_UNCOUNTED: RetryRule = { again: "later", counts: false };
const NEW_SESSION: RetryRule = { again: "in a new session", counts: true };
const NEW_SESSION_UNCOUNTED: RetryRule = { again: "in a new session", counts: false };

type RetryRules = Readonly<Record<Sender, RetryRule>> & {
  /** Whether the request may have written: the customer is read before the request is sent again. */
  readonly mayBeDone: boolean;
};

/** When to send again. `ok` is a response that its sender did not accept: the old flag, another customer. */
export const RETRY_RULES: Readonly<Record<ResponseClass, RetryRules>> = {
  ok: { request: LATER, "sign-in": NEVER, mayBeDone: true },
  throttled: { request: LATER_UNCOUNTED, "sign-in": LATER_UNCOUNTED, mayBeDone: false },
  unavailable: { request: LATER, "sign-in": LATER, mayBeDone: true },
  "server-error": { request: LATER, "sign-in": NEVER, mayBeDone: true },
  lost: { request: LATER, "sign-in": LATER, mayBeDone: true },
  unauthenticated: { request: NEW_SESSION_UNCOUNTED, "sign-in": NEVER, mayBeDone: false },
  "login-page": { request: NEW_SESSION, "sign-in": NEVER, mayBeDone: true },
  rejected: { request: NEVER, "sign-in": NEVER, mayBeDone: true },
};

export interface Attempts {
  /** Attempts that count. */
  readonly attempts: number;
  /** Attempts that met a 401 or a login page. */
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

/** Other requests may end a session while this request waits for its slot, but not for ever. */
const MOST_SIGNED_OUT = 50;

export interface NextAttempt {
  readonly again: RetryRule["again"];
  /** Whether to wait before the next attempt. */
  readonly waits: boolean;
  /** Whether only a limit prevents another attempt. */
  readonly isExhausted: boolean;
}

export interface AttemptLimits {
  readonly mostAttempts: number;
  /** Whether new sessions no longer help. */
  readonly isSessionBroken: boolean;
}

/** Whether and when to send again; the counts include the attempt that got this response. */
export function decideNext(
  kind: ResponseClass,
  sender: Sender,
  { attempts, signedOut }: Attempts,
  { mostAttempts, isSessionBroken }: AttemptLimits,
): NextAttempt {
  const { again, counts } = RETRY_RULES[kind][sender];
  const isRenewed = again === "in a new session";
  // The first login page may only mean that the session has ended: it is never the last attempt and needs no wait.
  const isSpent = counts && attempts >= mostAttempts && !(isRenewed && signedOut === 1);
  const isExhausted =
    again !== "never" && (isSpent || (isRenewed && (isSessionBroken || signedOut >= MOST_SIGNED_OUT)));
  if (again === "never" || isExhausted) return { again: "never", waits: false, isExhausted };
  return { again, waits: counts && (!isRenewed || signedOut > 1), isExhausted };
}
