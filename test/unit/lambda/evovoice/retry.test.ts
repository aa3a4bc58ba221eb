import { describe, expect, test } from "@jest/globals";
import type { ResponseClass } from "../../../../lambda/evovoice/response.ts";
import {
  type Attempts,
  countAttempt,
  decideNext,
  NO_ATTEMPTS,
  RETRY_RULES,
  type Sender,
} from "../../../../lambda/evovoice/retry.ts";

/** What is decided after each attempt of a request that always gets the same response, with at most three attempts. */
function follow(kind: ResponseClass, sender: Sender): readonly string[] {
  const decisions: string[] = [];
  let attempts = NO_ATTEMPTS;
  for (let n = 0; n < 9; n += 1) {
    attempts = countAttempt(attempts, kind, sender);
    const limits = { mostAttempts: 3, isSessionBroken: false };
    const { again, waits, isExhausted } = decideNext(kind, sender, attempts, limits);
    decisions.push(`${again}${waits ? ", waits" : ""}${isExhausted ? ", exhausted" : ""}`);
    if (again === "never") break;
  }
  return decisions;
}

const LATER = "later, waits";
const RENEWED = "in a new session";
const END = "never, exhausted";

describe("with three attempts, a response that is always", () => {
  test.each<{
    kind: ResponseClass;
    request: readonly string[];
    signIn: readonly string[];
    mayBeDone: boolean;
  }>([
    { kind: "ok", request: [LATER, LATER, END], signIn: ["never"], mayBeDone: true },
    { kind: "throttled", request: Array(9).fill("later"), signIn: Array(9).fill("later"), mayBeDone: false },
    { kind: "unavailable", request: [LATER, LATER, END], signIn: [LATER, LATER, END], mayBeDone: true },
    { kind: "server-error", request: [LATER, LATER, END], signIn: ["never"], mayBeDone: true },
    { kind: "lost", request: [LATER, LATER, END], signIn: [LATER, LATER, END], mayBeDone: true },
    { kind: "unauthenticated", request: Array(9).fill(RENEWED), signIn: ["never"], mayBeDone: false },
    { kind: "login-page", request: [RENEWED, `${RENEWED}, waits`, END], signIn: ["never"], mayBeDone: true },
    { kind: "rejected", request: ["never"], signIn: ["never"], mayBeDone: true },
  ])(
    "$kind: request $request.0, sign-in $signIn.0, may be done: $mayBeDone",
    ({ kind, request, signIn, mayBeDone }) => {
      expect(follow(kind, "request")).toEqual(request);
      expect(follow(kind, "sign-in")).toEqual(signIn);
      expect(RETRY_RULES[kind].mayBeDone).toBe(mayBeDone);
    },
  );
});

describe("a session that ends again and again", () => {
  const decide = (kind: ResponseClass, attempts: Attempts, isSessionBroken = false) =>
    decideNext(kind, "request", attempts, { mostAttempts: 1, isSessionBroken }).again;

  test("is renewed at most fifty times for one request", () => {
    expect(decide("unauthenticated", { attempts: 0, signedOut: 49 })).toBe("in a new session");
    expect(decide("unauthenticated", { attempts: 0, signedOut: 50 })).toBe("never");
  });

  test("is not renewed when new sessions are rejected too", () => {
    expect(decide("unauthenticated", { attempts: 0, signedOut: 1 }, true)).toBe("never");
    expect(decide("login-page", { attempts: 1, signedOut: 1 }, true)).toBe("never");
  });

  test("is renewed after a first login page even when only one attempt is allowed", () => {
    expect(decide("login-page", { attempts: 1, signedOut: 1 })).toBe("in a new session");
    expect(decide("login-page", { attempts: 2, signedOut: 2 })).toBe("never");
  });
});
