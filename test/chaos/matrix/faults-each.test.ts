import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { type FaultyRun, promoteUnder } from "../faulty-run.ts";

/** A thousand with each fault more often are in matrix/faults.test.ts. */
const CUSTOMERS = 300;

let run: FaultyRun | undefined;

afterEach(async () => {
  await run?.close();
  run = undefined;
});

describe("300 customers, and Evo Voice misbehaves: each is promoted, and every outcome is true", () => {
  test.each([
    { about: "server errors, some after the write", faults: "error-5xx=6%" },
    { about: "429 in every form", faults: "too-many=2%,retry-after=0" },
    { about: "connections that drop before the write", faults: "drop-before=20%" },
    { about: "connections that drop after the write", faults: "drop-after=20%" },
    { about: "replies that never come", faults: "no-reply=5%" },
    { about: "a sign-in page now and then", faults: "html-login=15%" },
    { about: "redirects to a sign-in page", faults: "redirect=15%" },
    { about: "half a body", faults: "half-json=20%" },
    { about: "replies with the old flag", faults: "old-flag=30%" },
    { about: "writes that are confirmed and lost", faults: "lost-write=30%" },
    { about: "another customer's reply", faults: "other-id=30%" },
    { about: "replies without a flag, and pages of 40", faults: "no-flag=30%,page-cap=40" },
    { about: "a sign-in that is busy", faults: "sign-in-5xx=50%,session-death=100,retry-after=0" },
    { about: "sessions that die after 3 calls, 16 in flight", faults: "session-death=3" },
    { about: "filters that are ignored", faults: "ignored-filters" },
    { about: "slow replies with a long tail, slower the more there are", faults: "latency-tail=5%:100,latency-load=1" },
    { about: "no curl, dates in milliseconds", faults: "refuse-curl,dates=ms" },
    { about: "every reply with the old flag", faults: "old-flag" },
  ])("$about ($faults)", async ({ faults }) => {
    run = await promoteUnder({ faults, customers: CUSTOMERS });

    await run.expectTrueOutcomes();
    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: run.toFlip, failed: 0 } });
  });

  test.each([1])("all of it at once (seed %i)", async (seed) => {
    run = await promoteUnder({ faults: `${EVERYTHING},sign-in-5xx=30%`, customers: CUSTOMERS, seed });

    await run.expectTrueOutcomes();
    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: run.toFlip, failed: 0 } });
    expect(Object.keys(run.stats.faults).length).toBeGreaterThanOrEqual(10);
  });
});

const EVERYTHING = "chaos=4%,retry-after=0,session-death=40,latency-tail=2%:100,page-cap=90";

const OTHER = "a reply with another customer or flag";
const SIGN_IN_PAGE = { code: "request-refused", operation: "flip", status: expect.any(Number) };

describe("a fault that does not pass", () => {
  test.each([
    { faults: "lost-write", reason: { code: "not-applied", isStaging: true, why: { code: "no-answer", why: OTHER } } },
    {
      faults: "drop-after",
      reason: { code: "may-be-flipped", why: { code: "no-answer", why: expect.stringMatching(/^\w+$/) } },
    },
    { faults: "html-login", reason: { code: "may-be-flipped", why: SIGN_IN_PAGE } },
    { faults: "redirect", reason: { code: "may-be-flipped", why: SIGN_IN_PAGE } },
  ])(
    "fails each customer with its reason, and says who may have been flipped ($faults)",
    async ({ faults, reason }) => {
      const policy = { failureBudget: "100%", retries: { attempts: 2, mostBackoffMs: 5 } };
      run = await promoteUnder({ customers: 12, fromFirstFlip: `${faults},retry-after=0`, policy });

      await run.expectTrueOutcomes();
      expect(run.report).toMatchObject({ status: "partial", counts: { flipped: 0, failed: run.toFlip } });
      for (const exception of run.report.exceptions.filter(({ outcome }) => outcome === "failed"))
        expect(exception.reason).toMatchObject(reason);
    },
  );

  test("is no failure when the verification shows the flag all the same (other-id)", async () => {
    const policy = { failureBudget: "100%", retries: { attempts: 2, mostBackoffMs: 5 } };
    run = await promoteUnder({ customers: 12, fromFirstFlip: "other-id", policy });

    await run.expectTrueOutcomes();
    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: run.toFlip, failed: 0 } });
  });

  test("stops the rollout when more fail than the budget allows; no other customer is tried", async () => {
    const policy = { failureBudget: 5, concurrency: 4, retries: { attempts: 2, mostBackoffMs: 5 } };
    run = await promoteUnder({ customers: 300, fromFirstFlip: "lost-write", policy });

    await run.expectTrueReverts();
    expect(run.report).toMatchObject({
      status: "rolled-back",
      problems: [{ code: "failure-budget", allowed: 5 }],
    });
    expect(run.report.counts.failed).toBeLessThanOrEqual(5 + 4);
    // Two flips, and what the rollback writes.
    expect(run.stats.requests.SetCustomerStagingMode).toBeLessThanOrEqual((5 + 4) * 3);
  });
});
