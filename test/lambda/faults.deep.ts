import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type FaultyRun, promoteUnder } from "./faulty-run.ts";

let run: FaultyRun | undefined;

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment());
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());
afterEach(async () => {
  await run?.close();
  run = undefined;
});

/** Far more than any reply takes, on a machine several times slower, too: only a reply that never comes waits so long. */
const REQUEST_TIMEOUT_MS = 1_000;
const RETRIES = { attempts: 6, requestTimeoutMs: REQUEST_TIMEOUT_MS, mostBackoffMs: 20 };
const POLICY = { failureBudget: "100%", retries: RETRIES };

describe("1,000 customers, and Evo Voice misbehaves often: every outcome is true", () => {
  const shares = ["drop-before", "drop-after", "html-login", "redirect", "half-json", "other-id", "no-flag"];
  const flips = ["old-flag", "lost-write"];

  test.each([...shares, ...flips].flatMap((fault) => [1].map((seed) => ({ fault, seed }))))(
    "30 % of $fault (seed $seed)",
    async ({ fault, seed }) => {
      run = await promoteUnder({ faults: `${fault}=30%`, seed, policy: POLICY });

      await run.expectTrueOutcomes();
      expect(run.report.status).toBe("succeeded");
    },
  );

  test.each([
    { about: "429 in every form", faults: "too-many=30%,retry-after=0", customers: 120 },
    { about: "server errors, some after the write", faults: "error-5xx=30%,retry-after=0", customers: 1_000 },
    { about: "replies that never come, some after the write", faults: "no-reply=30%", customers: 1_000 },
  ])("30 % of $about, $customers customers: it ends, with one true outcome each", async ({ faults, customers }) => {
    // Three hundred waits in vain: half as long each.
    const requestTimeoutMs = faults.startsWith("no-reply") ? REQUEST_TIMEOUT_MS / 2 : REQUEST_TIMEOUT_MS;
    run = await promoteUnder({ faults, customers, policy: { ...POLICY, retries: { ...RETRIES, requestTimeoutMs } } });

    await run.expectTrueOutcomes();
    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: run.toFlip, failed: 0 } });
    const [hits = 0] = Object.values(run.stats.faults);
    expect(hits).toBeGreaterThan(run.toFlip / 5);
  });

  test.each([3, 4])("all of it at once (seed %i)", async (seed) => {
    const faults = "chaos=2%,retry-after=0,session-death=25,latency-tail=5%:1200,page-cap=60,sign-in-5xx=50%";
    run = await promoteUnder({ faults, seed, policy: POLICY });

    await run.expectTrueOutcomes();
    expect(run.report.status).toBe("succeeded");
  });

  test.each([1, 2, 3])("all of it at once, listings that lie included: complete or refused (seed %i)", async (seed) => {
    const faults = "chaos=1%,retry-after=0,session-death=80,shifting-rows=5%,repeat-page=5%,moving-total=5%";
    run = await promoteUnder({ faults, seed, policy: POLICY });

    if (run.report.status === "refused") run.expectUntouched();
    else await run.expectTrueOutcomes();
  });
});
