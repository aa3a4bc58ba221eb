import type { Reading } from "../../../../../lambda/core/flip/flip-result.ts";
import { type Situation, settleBeforeFlip } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../../../../../lambda/core/lookup/selection.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const found = (changes: Partial<CustomerFacts> = {}): Reading => ({ reading: "found", customer: aCustomer(changes) });
const judged = (judgement: Judgement) => () => judgement;
const CANDIDATE = judged({ verdict: "candidate" });
const PROTECTED_BY_POLICY = { code: "protected-by-policy", by: "tag", tag: "vip" } as const;
const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const UNCLEAR = { code: "unclear-family", customerId: "c-1", ancestorId: "p-1" } as const;
const PROTECTED = judged({ verdict: "skipped", reason: PROTECTED_BY_POLICY });
const NOT_SELECTED = judged({ verdict: "not selected" });

/** A promote of a customer that is on staging. */
function aSituation(changes: Partial<Situation> = {}): Situation {
  return {
    planned: { id: "c-1", name: "Acme" },
    fresh: found(),
    wantedFlag: false,
    intended: false,
    judge: CANDIDATE,
    ...changes,
  };
}

describe("a planned customer that is read afresh", () => {
  test.each<[what: string, situation: Partial<Situation>, outcome: string, reason: Reason]>([
    ["is gone", { fresh: { reading: "missing" } }, "failed", { code: "customer-gone" }],
    ["cannot be read", { fresh: { reading: "unreadable", reason: NO_ANSWER } }, "failed", NO_ANSWER],
    ["does not say where it is", { fresh: found({ isStaging: undefined }) }, "failed", { code: "flag-unknown" }],
    ["is right already", { fresh: found({ isStaging: false }) }, "unchanged", { code: "moved-since-plan" }],
    [
      "is right already, and protected by now",
      { fresh: found({ isStaging: false }), judge: PROTECTED },
      "unchanged",
      { code: "moved-since-plan" },
    ],
    [
      "is right after a crash, because this rollout had meant to flip it",
      { fresh: found({ isStaging: false }), intended: true },
      "flipped",
      { code: "confirmed-after-restart" },
    ],
    ["is protected by now", { judge: PROTECTED }, "skipped", PROTECTED_BY_POLICY],
    [
      "is protected by now, and was meant to be flipped before a crash",
      { judge: PROTECTED, intended: true },
      "skipped",
      PROTECTED_BY_POLICY,
    ],
    [
      "has a family that cannot be told any more",
      {
        judge: () => {
          throw new UnclearFamilyError("c-1", "p-1");
        },
      },
      "failed",
      UNCLEAR,
    ],
    ["is no target any more", { judge: NOT_SELECTED }, "skipped", { code: "deselected-since-plan" }],
    [
      "is gone, and was meant to be flipped before a crash",
      { fresh: { reading: "missing" }, intended: true },
      "failed",
      { code: "customer-gone" },
    ],
    [
      "cannot be read, and was meant to be flipped before a crash",
      { fresh: { reading: "unreadable", reason: NO_ANSWER }, intended: true },
      "failed",
      { code: "may-be-flipped", why: NO_ANSWER },
    ],
    [
      "does not say where it is, and was meant to be flipped before a crash",
      { fresh: found({ isStaging: undefined }), intended: true },
      "failed",
      { code: "may-be-flipped", why: { code: "flag-unknown" } },
    ],
  ])("and %s needs no flip", (_what, situation, outcome, reason) => {
    expect(settleBeforeFlip(aSituation(situation))).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });

  test.each<[what: string, situation: Partial<Situation>]>([
    ["is still on staging in a promote", {}],
    ["is still on production in a stage", { wantedFlag: true, fresh: found({ isStaging: false }) }],
    ["had been meant to be flipped before a crash, and was not", { intended: true }],
    ["has another name by now", { fresh: found({ name: "Acme Ltd" }) }],
  ])("and %s is to be flipped", (_what, situation) => {
    expect(settleBeforeFlip(aSituation(situation))).toBeUndefined();
  });
});
