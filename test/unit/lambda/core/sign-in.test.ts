import { endSignIn, forgetBefore, ruleSignIn } from "../../../../lambda/core/sign-in.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const S = 1_000;
const MIN = 60 * S;
const DAY = 24 * 60 * MIN;

describe("a sign-in", () => {
  test.each<{ tries: readonly number[]; nowMs: number; ruling: object }>([
    { tries: [], nowMs: 0, ruling: { kind: "may begin", atMs: 0 } },
    { tries: [0], nowMs: S - 1, ruling: { kind: "too soon", untilMs: S } },
    { tries: [0], nowMs: S, ruling: { kind: "may begin", atMs: S } },
    { tries: [0, S], nowMs: 30 * S - 1, ruling: { kind: "too soon", untilMs: 30 * S } },
    { tries: [0, S], nowMs: 30 * S, ruling: { kind: "may begin", atMs: 30 * S } },
    { tries: [0, S, 30 * S], nowMs: 15 * MIN - 1, ruling: { kind: "too soon", untilMs: 15 * MIN } },
    { tries: [0, S, 30 * S], nowMs: 15 * MIN, ruling: { kind: "may begin", atMs: 15 * MIN } },
    { tries: [0, S, 30 * S, 15 * MIN], nowMs: 30 * MIN - 1, ruling: { kind: "too soon", untilMs: 30 * MIN } },
    { tries: [0, S, 30 * S, 15 * MIN], nowMs: 30 * MIN, ruling: { kind: "may begin", atMs: 30 * MIN } },
    { tries: [0, S, 30 * S, 15 * MIN, 30 * MIN], nowMs: DAY - 1, ruling: { kind: "spent", untilMs: DAY } },
    { tries: [0, S, 30 * S, 15 * MIN, 30 * MIN], nowMs: DAY, ruling: { kind: "may begin", atMs: DAY } },
  ])("after tries at $tries, at $nowMs: $ruling.kind", ({ tries, nowMs, ruling }) => {
    expect(ruleSignIn({ tries }, nowMs)).toEqual(ruling);
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
