import type { Reading } from "../../../../../lambda/core/flip/flip-result.ts";
import { type Situation, settleBeforeFlip } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../../../../../lambda/core/lookup/selection.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const found = (changes: Partial<CustomerFacts> = {}): Reading => ({ reading: "found", customer: aCustomer(changes) });
const judged = (judgement: Judgement) => () => judgement;
const PROTECTED_BY_POLICY = { code: "protected-by-policy", by: "tag", tag: "vip" } as const;
const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const PROTECTED = judged({ verdict: "skipped", reason: PROTECTED_BY_POLICY });
const judgeUnclear = () => {
  throw new UnclearFamilyError("c-1", "p-1");
};
const missing: Reading = { reading: "missing" };
const unreadable: Reading = { reading: "unreadable", reason: NO_ANSWER };
const right = found({ isStaging: false });
const flagless = found({ isStaging: undefined });

/** A promote of a customer that is on staging. */
function aSituation(changes: Partial<Situation> = {}): Situation {
  const planned = { id: "c-1", name: "Acme" };
  const judge = judged({ verdict: "candidate" });
  return { planned, fresh: found(), wantedFlag: false, intended: false, judge, ...changes };
}

describe("a planned customer that is read afresh", () => {
  test.each<[what: string, situation: Partial<Situation>, outcome: string, reason: Reason]>([
    ["is gone", { fresh: missing }, "failed", { code: "customer-gone" }],
    ["cannot be read", { fresh: unreadable }, "failed", NO_ANSWER],
    ["does not say where it is", { fresh: flagless }, "failed", { code: "flag-unknown" }],
    ["is right already", { fresh: right }, "unchanged", { code: "moved-since-plan" }],
    ["is right, and protected by now", { fresh: right, judge: PROTECTED }, "unchanged", { code: "moved-since-plan" }],
    ["is protected by now", { judge: PROTECTED }, "skipped", PROTECTED_BY_POLICY],
    [
      "has a family that cannot be told any more",
      ...([
        { judge: judgeUnclear },
        "failed",
        { code: "unclear-family", customerId: "c-1", ancestorId: "p-1" },
      ] as const),
    ],
    [
      "is no target any more",
      { judge: judged({ verdict: "not selected" }) },
      "skipped",
      { code: "deselected-since-plan" },
    ],
  ])("and %s needs no flip", (_what, situation, outcome, reason) => {
    expect(settleBeforeFlip(aSituation(situation))).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });

  test.each<[what: string, situation: Partial<Situation>, outcome: string, reason: Reason]>([
    ["is right", { fresh: right }, "flipped", { code: "confirmed-after-restart" }],
    ["is protected by now", { judge: PROTECTED }, "skipped", PROTECTED_BY_POLICY],
    ["is gone", { fresh: missing }, "failed", { code: "customer-gone" }],
    ["cannot be read", { fresh: unreadable }, "failed", { code: "may-be-flipped", why: NO_ANSWER }],
    ["shows no flag", { fresh: flagless }, "failed", { code: "may-be-flipped", why: { code: "flag-unknown" } }],
  ])("that was meant to be flipped before a crash, and %s, is settled", (_what, situation, outcome, reason) => {
    const settled = settleBeforeFlip(aSituation({ ...situation, intended: true }));
    expect(settled).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });

  test.each<[what: string, situation: Partial<Situation>]>([
    ["is still on staging in a promote", {}],
    ["is still on production in a stage", { wantedFlag: true, fresh: right }],
    ["had been meant to be flipped before a crash, and was not", { intended: true }],
    ["has another name by now", { fresh: found({ name: "Acme Ltd" }) }],
  ])("and %s is to be flipped", (_what, situation) => {
    expect(settleBeforeFlip(aSituation(situation))).toBeUndefined();
  });
});
