import { describe, expect, test } from "@jest/globals";
import type { Answer } from "../../../lambda/evovoice/response.ts";
import { type Asker, countTry, decideNext, RETRY_RULES, type Tally, whatCame } from "../../../lambda/evovoice/retry.ts";

const ANSWERS: readonly { readonly answer: Answer; readonly came: ReturnType<typeof whatCame> }[] = [
  { answer: { kind: "answered", body: {}, cookies: [] }, came: "another answer" },
  { answer: { kind: "throttled", status: 429 }, came: "too many" },
  { answer: { kind: "throttled", status: 503 }, came: "unavailable" },
  { answer: { kind: "refused", status: 500 }, came: "failed" },
  { answer: { kind: "refused", status: 502 }, came: "failed" },
  { answer: { kind: "refused", status: 408 }, came: "failed" },
  { answer: { kind: "lost", why: "ECONNRESET" }, came: "lost" },
  { answer: { kind: "signed out", status: 401 }, came: "signed out" },
  { answer: { kind: "signed out", status: 302 }, came: "page" },
  { answer: { kind: "signed out", status: 200 }, came: "page" },
  { answer: { kind: "refused", status: 400 }, came: "refused" },
  { answer: { kind: "refused", status: 403 }, came: "refused" },
  { answer: { kind: "refused", status: 499 }, came: "refused" },
];

test.each(ANSWERS)("$answer.kind $answer.status is: $came", ({ answer, came }) => {
  expect(whatCame(answer)).toBe(came);
});

/** What is decided after each try of a request that always meets the same, with three tries. */
function follow(answer: Answer, asker: Asker, most: number): readonly string[] {
  const came = whatCame(answer);
  const decisions: string[] = [];
  let tally: Tally = { tries: 0, signedOut: 0 };
  for (let n = 0; n < most; n += 1) {
    tally = countTry(tally, came, asker);
    const { again, waits, isExhausted } = decideNext(came, asker, tally, { attempts: 3, isVain: false });
    decisions.push(`${again}${waits ? ", waits" : ""}${isExhausted ? ", exhausted" : ""}`);
    if (again === "never") break;
  }
  return decisions;
}

const LATER = "later, waits";
const RENEWED = "in a new session";
const END = "never, exhausted";

describe("with three tries, what always meets", () => {
  test.each<{
    about: string;
    answer: Answer;
    request: readonly string[];
    signIn: readonly string[];
    mayBeDone: boolean;
  }>([
    {
      about: "another answer",
      answer: { kind: "answered", body: 1, cookies: [] },
      request: [LATER, LATER, END],
      signIn: ["never"],
      mayBeDone: true,
    },
    {
      about: "429",
      answer: { kind: "throttled", status: 429 },
      request: Array(9).fill(LATER),
      signIn: Array(9).fill(LATER),
      mayBeDone: false,
    },
    {
      about: "503",
      answer: { kind: "throttled", status: 503 },
      request: [LATER, LATER, END],
      signIn: [LATER, LATER, END],
      mayBeDone: true,
    },
    {
      about: "500",
      answer: { kind: "refused", status: 500 },
      request: [LATER, LATER, END],
      signIn: ["never"],
      mayBeDone: true,
    },
    {
      about: "408",
      answer: { kind: "refused", status: 408 },
      request: [LATER, LATER, END],
      signIn: ["never"],
      mayBeDone: true,
    },
    {
      about: "silence",
      answer: { kind: "lost", why: "TimeoutError" },
      request: [LATER, LATER, END],
      signIn: [LATER, LATER, END],
      mayBeDone: true,
    },
    {
      about: "401",
      answer: { kind: "signed out", status: 401 },
      request: Array(9).fill(RENEWED),
      signIn: ["never"],
      mayBeDone: false,
    },
    {
      about: "a page",
      answer: { kind: "signed out", status: 200 },
      request: [RENEWED, `${RENEWED}, waits`, END],
      signIn: ["never"],
      mayBeDone: true,
    },
    { about: "400", answer: { kind: "refused", status: 400 }, request: ["never"], signIn: ["never"], mayBeDone: false },
  ])(
    "$about: request $request.0, sign-in $signIn.0, may be done: $mayBeDone",
    ({ answer, request, signIn, mayBeDone }) => {
      expect(follow(answer, "request", 9)).toEqual(request);
      expect(follow(answer, "sign-in", 9)).toEqual(signIn);
      expect(RETRY_RULES[whatCame(answer)].mayBeDone).toBe(mayBeDone);
    },
  );
});

describe("a session that ends again and again", () => {
  const decide = (came: "signed out" | "page", tally: Tally, isVain = false, attempts = 1) =>
    decideNext(came, "request", tally, { attempts, isVain }).again;

  test("is renewed fifty times for one request, not more", () => {
    expect(decide("signed out", { tries: 0, signedOut: 49 })).toBe("in a new session");
    expect(decide("signed out", { tries: 0, signedOut: 50 })).toBe("never");
  });

  test("is not renewed once new sessions let nobody in", () => {
    expect(decide("signed out", { tries: 0, signedOut: 1 }, true)).toBe("never");
    expect(decide("page", { tries: 1, signedOut: 1 }, true)).toBe("never");
  });

  test("is renewed after a first page even when there is one try only", () => {
    expect(decide("page", { tries: 1, signedOut: 1 })).toBe("in a new session");
    expect(decide("page", { tries: 2, signedOut: 2 })).toBe("never");
  });
});
