import { endSignIn, forgetBefore, ruleSignIn } from "../../../../lambda/core/sign-in.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const S = 1_000;
const MIN = 60 * S;
const DAY = 24 * 60 * MIN;

describe("a sign-in", () => {
  const TRIES = [0, S, 30 * S, 15 * MIN, 30 * MIN];

  test.each([
    [0, 0],
    [1, S],
    [2, 30 * S],
    [3, 15 * MIN],
    [4, 30 * MIN],
    [5, DAY],
  ])("after %d tries begins %d ms after the first", (count, atMs) => {
    const tries = TRIES.slice(0, count);
    const kind = count === 5 ? "spent" : "too soon";
    expect(ruleSignIn({ tries }, atMs)).toEqual({ kind: "may begin", atMs });
    if (count > 0) expect(ruleSignIn({ tries }, atMs - 1)).toEqual({ kind, untilMs: atMs });
  });

  test("that was refused never begins again, unless a person asks for it", () => {
    const refused = endSignIn({ tries: [5] }, 5, "refused");

    expect(ruleSignIn(refused, 99 * DAY)).toEqual({ kind: "refused" });
    expect(ruleSignIn(forgetBefore(refused, 4), 99 * DAY)).toEqual({ kind: "refused" });
    expect(ruleSignIn(forgetBefore(refused, 6), 6)).toEqual({ kind: "may begin", atMs: 6 });
  });

  test("that Evo Voice accepted clears the count, and one that it cannot have seen does not count", () => {
    expect(endSignIn({ tries: [1, 2] }, 2, "accepted")).toEqual({ tries: [] });
    expect(endSignIn({ tries: [1, 2] }, 2, "unseen")).toEqual({ tries: [1] });
    expect(endSignIn({ tries: [1, 2] }, 2, "unclear")).toEqual({ tries: [1, 2] });
  });
});
