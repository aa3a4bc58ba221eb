import type { ResponseClass } from "../../../../lambda/evovoice/response.ts";
import {
  type Attempts,
  countAttempt,
  decideNext,
  NO_ATTEMPTS,
  RETRY_RULES,
} from "../../../../lambda/evovoice/retry.ts";
import { describe, expect, test } from "../../../support/jest.ts";

/** What is decided after each attempt of a request that always gets the same response, with at most three attempts. */
function follow(kind: ResponseClass): readonly string[] {
  const decisions: string[] = [];
  let attempts = NO_ATTEMPTS;
  for (let n = 0; n < 9; n += 1) {
    attempts = countAttempt(attempts, kind);
    const { again, waits, isExhausted } = decideNext(kind, attempts, 3);
    decisions.push(`${again}${waits ? ", waits" : ""}${isExhausted ? ", exhausted" : ""}`);
    if (again === "never") break;
  }
  return decisions;
}

const LATER = "later, waits";
const RENEWED = "in a new session";
const END = "never, exhausted";

describe("with three attempts, a response that is always", () => {
  test.each<{ kind: ResponseClass; next: readonly string[]; mayBeDone: boolean }>([
    { kind: "ok", next: [LATER, LATER, END], mayBeDone: true },
    { kind: "throttled", next: Array(9).fill("later"), mayBeDone: false },
    { kind: "unavailable", next: [LATER, LATER, END], mayBeDone: true },
    { kind: "server-error", next: [LATER, LATER, END], mayBeDone: true },
    { kind: "lost", next: [LATER, LATER, END], mayBeDone: true },
    { kind: "unauthenticated", next: Array(9).fill(RENEWED), mayBeDone: false },
    { kind: "login-page", next: [RENEWED, `${RENEWED}, waits`, END], mayBeDone: true },
    { kind: "rejected", next: ["never"], mayBeDone: true },
  ])("$kind: $next.0, may be done: $mayBeDone", ({ kind, next, mayBeDone }) => {
    expect(follow(kind)).toEqual(next);
    expect(RETRY_RULES[kind].mayBeDone).toBe(mayBeDone);
  });
});

describe("a session that ends again and again", () => {
  const decide = (kind: ResponseClass, attempts: Attempts) => decideNext(kind, attempts, 1).again;

  test("is renewed at most fifty times for one request", () => {
    expect(decide("unauthenticated", { attempts: 0, signedOut: 49 })).toBe("in a new session");
    expect(decide("unauthenticated", { attempts: 0, signedOut: 50 })).toBe("never");
  });

  test("is renewed after a first login page even when only one attempt is allowed", () => {
    expect(decide("login-page", { attempts: 1, signedOut: 1 })).toBe("in a new session");
    expect(decide("login-page", { attempts: 2, signedOut: 2 })).toBe("never");
  });
});
