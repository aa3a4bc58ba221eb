import type { ResponseClass } from "./response.ts";

export interface RetryRule {
  readonly again: "never" | "later" | "in a new session";
  /**
   * Whether the attempt counts towards the limit, and is followed by a wait of its own. A busy server is not a failure, so
   * such attempts have no limit. The limiter makes all callers wait.
   */
  readonly counts: boolean;
  /** Whether the request may have written: the customer is read before the request is sent again. */
  readonly mayBeDone: boolean;
}

/** When to send again. `ok` is a response that its sender did not accept: the old flag, another customer. */
export const RETRY_RULES: Readonly<Record<ResponseClass, RetryRule>> = {
  ok: { again: "later", counts: true, mayBeDone: true },
  throttled: { again: "later", counts: false, mayBeDone: false },
  unavailable: { again: "later", counts: true, mayBeDone: true },
  "server-error": { again: "later", counts: true, mayBeDone: true },
  lost: { again: "later", counts: true, mayBeDone: true },
  unauthenticated: { again: "in a new session", counts: false, mayBeDone: false },
  "login-page": { again: "in a new session", counts: true, mayBeDone: true },
  rejected: { again: "never", counts: true, mayBeDone: true },
};

export interface Attempts {
  /** Attempts that count. */
  readonly attempts: number;
  /** Attempts that met a 401 or a login page. */
  readonly signedOut: number;
}

export const NO_ATTEMPTS: Attempts = { attempts: 0, signedOut: 0 };

function isSignedOut(kind: ResponseClass): boolean {
  return kind === "unauthenticated" || kind === "login-page";
}

export function countAttempt({ attempts, signedOut }: Attempts, kind: ResponseClass): Attempts {
  return {
    attempts: attempts + (RETRY_RULES[kind].counts ? 1 : 0),
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

/** Whether and when to send again; the counts include the attempt that got this response. */
export function decideNext(kind: ResponseClass, { attempts, signedOut }: Attempts, mostAttempts: number): NextAttempt {
  const { again, counts } = RETRY_RULES[kind];
  const isRenewed = again === "in a new session";
  // The first login page may only mean that the session has ended: it is never the last attempt and needs no wait.
  const isSpent = counts && attempts >= mostAttempts && !(isRenewed && signedOut === 1);
  const isExhausted = again !== "never" && (isSpent || (isRenewed && signedOut >= MOST_SIGNED_OUT));
  if (again === "never" || isExhausted) return { again: "never", waits: false, isExhausted };
  return { again, waits: counts && (!isRenewed || signedOut > 1), isExhausted };
}
