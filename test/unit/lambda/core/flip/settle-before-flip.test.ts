import { describe, expect, test } from "@jest/globals";
import { type Reading, type Situation, settleBeforeFlip } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../../../../../lambda/core/lookup/selection.ts";
import { aCustomer } from "../a-customer.ts";

const found = (changes: Partial<CustomerFacts> = {}): Reading => ({ reading: "found", customer: aCustomer(changes) });
const judged = (judgement: Judgement) => () => judgement;
const CANDIDATE = judged({ verdict: "candidate" });
const PROTECTED = judged({ verdict: "skipped", reason: "protected by the policy (tag vip)" });
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
  test.each<[what: string, situation: Partial<Situation>, outcome: string, reason: RegExp]>([
    ["is gone", { fresh: { reading: "missing" } }, "failed", /^Evo Voice no longer has this customer/],
    [
      "cannot be read",
      { fresh: { reading: "unreadable", reason: "no answer in 10 s" } },
      "failed",
      /^no answer in 10 s/,
    ],
    ["does not say where it is", { fresh: found({ isStaging: undefined }) }, "failed", /^Evo Voice does not say where/],
    ["is right already", { fresh: found({ isStaging: false }) }, "unchanged", /^was moved after the plan/],
    [
      "is right already, and protected by now",
      { fresh: found({ isStaging: false }), judge: PROTECTED },
      "unchanged",
      /^was moved after the plan/,
    ],
    [
      "is right after a crash, because this rollout had meant to flip it",
      { fresh: found({ isStaging: false }), intended: true },
      "flipped",
      /confirmed after a restart/,
    ],
    ["is protected by now", { judge: PROTECTED }, "skipped", /protected by the policy/],
    [
      "is protected by now, and was meant to be flipped before a crash",
      { judge: PROTECTED, intended: true },
      "skipped",
      /protected by the policy/,
    ],
    [
      "has a family that cannot be told any more",
      {
        judge: () => {
          throw new UnclearFamilyError("cannot tell whether customer c-1 descends from p-1");
        },
      },
      "failed",
      /^cannot tell whether customer c-1/,
    ],
    ["is no target any more", { judge: NOT_SELECTED }, "skipped", /no longer select it/],
    [
      "is gone, and was meant to be flipped before a crash",
      { fresh: { reading: "missing" }, intended: true },
      "failed",
      /^customer c-1 may have been flipped, and now: Evo Voice no longer has/,
    ],
    [
      "cannot be read, and was meant to be flipped before a crash",
      { fresh: { reading: "unreadable", reason: "no answer in 10 s" }, intended: true },
      "failed",
      /^customer c-1 may have been flipped, and now: no answer in 10 s/,
    ],
    [
      "does not say where it is, and was meant to be flipped before a crash",
      { fresh: found({ isStaging: undefined }), intended: true },
      "failed",
      /^customer c-1 may have been flipped, and now: Evo Voice does not say/,
    ],
  ])("and %s needs no flip", (_what, situation, outcome, reason) => {
    expect(settleBeforeFlip(aSituation(situation))).toEqual({
      customerId: "c-1",
      name: "Acme",
      outcome,
      reason: expect.stringMatching(reason),
    });
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
