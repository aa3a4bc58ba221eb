import type { Answer } from "./response.ts";

/** What came of one try, as far as the next one is concerned. */
export type Came =
  /** An answer, which its asker does not take for one: the old flag, another customer, fields that cannot be read. */
  | "another answer"
  /** 429: nobody looked at it. */
  | "too many"
  /** 503: the server, or a proxy that lost patience with it. */
  | "unavailable"
  /** Any other 5xx, and 408: somebody lost patience, or the service failed. */
  | "failed"
  | "lost"
  /** 401: the session has ended. */
  | "signed out"
  /** A redirect or a login page: the session has ended, or something stands in front of Evo Voice. */
  | "page"
  /** Any other 4xx: the same next time. */
  | "refused";

/** A sign-in is asked for by the session itself: what may have been a refusal is not repeated, because users get locked. */
export type Asker = "request" | "sign-in";

export interface Rule {
  readonly again: "never" | "later" | "in a new session";
  /** Whether it uses up one of the tries. */
  readonly counts: boolean;
}

const NEVER: Rule = { again: "never", counts: true };
const LATER: Rule = { again: "later", counts: true };
/** The server being busy is no failure: it passes, however long it takes. */
const LATER_FOR_FREE: Rule = { again: "later", counts: false };
const RENEWED: Rule = { again: "in a new session", counts: true };
const RENEWED_FOR_FREE: Rule = { again: "in a new session", counts: false };

/** Everything about trying again. Reads and flips follow one rule: a flip that may have been done is read before it is tried again. */
export const RETRY_RULES: Readonly<Record<Came, Readonly<Record<Asker, Rule>> & { readonly mayBeDone: boolean }>> = {
  "another answer": { request: LATER, "sign-in": NEVER, mayBeDone: true },
  "too many": { request: LATER_FOR_FREE, "sign-in": LATER_FOR_FREE, mayBeDone: false },
  unavailable: { request: LATER, "sign-in": LATER, mayBeDone: true },
  failed: { request: LATER, "sign-in": NEVER, mayBeDone: true },
  lost: { request: LATER, "sign-in": LATER, mayBeDone: true },
  "signed out": { request: RENEWED_FOR_FREE, "sign-in": NEVER, mayBeDone: false },
  page: { request: RENEWED, "sign-in": NEVER, mayBeDone: true },
  refused: { request: NEVER, "sign-in": NEVER, mayBeDone: false },
};

/** All tries of one request so far. */
export interface Tally {
  /** Those that count. */
  readonly tries: number;
  /** How often it was answered as signed out, by a 401 or by a page. */
  readonly signedOut: number;
}

export const NO_TRIES: Tally = { tries: 0, signedOut: 0 };

/** A session may die of other callers' requests before this one's turn comes, but not for ever. */
const MOST_SIGNED_OUT = 50;

export interface Next {
  readonly again: Rule["again"];
  /** Whether to wait a little first. */
  readonly waits: boolean;
  /** Whether it would be tried again, had it been tried less often. */
  readonly isExhausted: boolean;
}

export function whatCame(answer: Answer): Came {
  switch (answer.kind) {
    case "answered":
      return "another answer";
    case "throttled":
      return answer.status === 429 ? "too many" : "unavailable";
    case "signed out":
      return answer.status === 401 ? "signed out" : "page";
    case "refused":
      return answer.status >= 500 || answer.status === 408 ? "failed" : "refused";
    case "lost":
      return "lost";
  }
}

export function countTry({ tries, signedOut }: Tally, came: Came, asker: Asker): Tally {
  return {
    tries: tries + (RETRY_RULES[came][asker].counts ? 1 : 0),
    signedOut: signedOut + (came === "signed out" || came === "page" ? 1 : 0),
  };
}

/** Whether to try again after what came, and when; `tally` holds this try, `isVain` says that new sessions let nobody in. */
export function decideNext(
  came: Came,
  asker: Asker,
  { tries, signedOut }: Tally,
  { attempts, isVain }: { readonly attempts: number; readonly isVain: boolean },
): Next {
  const { again, counts } = RETRY_RULES[came][asker];
  const isRenewed = again === "in a new session";
  // The first page may be nothing but the end of a session: it is never the last try, and no reason to wait.
  const isSpent = counts && tries >= attempts && !(isRenewed && signedOut === 1);
  const isExhausted = again !== "never" && (isSpent || (isRenewed && (isVain || signedOut >= MOST_SIGNED_OUT)));
  if (again === "never" || isExhausted) return { again: "never", waits: false, isExhausted };
  return { again, waits: !isRenewed || (counts && signedOut > 1), isExhausted };
}
