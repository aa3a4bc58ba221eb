import { afterEach, describe, expect, test } from "../../support/jest.ts";
import {
  EVERYTHING_AND_LIES,
  EVERYTHING_OFTEN,
  type FaultyRun,
  POLICY,
  promoteUnder,
  REQUEST_TIMEOUT_MS,
  RETRIES,
} from "../faulty-run.ts";

/** A thousand are in matrix/faults-each.test.ts, a fault at a time, and in matrix/faults.test.ts, which has more that come often. */
const CUSTOMERS = 400;
/** Half of them are one batch as well, and show a fault that is alone often enough. */
const FEWER = 200;

let run: FaultyRun | undefined;

afterEach(async () => {
  await run?.close();
  run = undefined;
});

describe("hundreds of customers, and Evo Voice misbehaves often: every outcome is true", () => {
  test.each([
    { about: "429 in every form", faults: "too-many=30%,retry-after=0", customers: 120 },
    { about: "server errors, some after the write", faults: "error-5xx=30%,retry-after=0", customers: FEWER },
    { about: "replies that never come, some after the write", faults: "no-reply=30%", customers: FEWER },
  ])("30 % of $about, $customers customers: it ends, with one true outcome each", async ({ faults, customers }) => {
    // Many wait in vain: half as long each.
    const requestTimeoutMs = faults.startsWith("no-reply") ? REQUEST_TIMEOUT_MS / 2 : REQUEST_TIMEOUT_MS;
    run = await promoteUnder({ faults, customers, policy: { ...POLICY, retries: { ...RETRIES, requestTimeoutMs } } });

    await run.expectTrueOutcomes();
    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: run.toFlip, failed: 0 } });
    const [hits = 0] = Object.values(run.stats.faults);
    expect(hits).toBeGreaterThan(run.toFlip / 5);
  });

  test.each([
    "apply-silently-not=20%",
    "done-but=404",
    "late-write=10%,late-after=100",
    "late-write=10%,late-after=8000",
    "read-lag=4000",
    "write-lag=4000",
    "read-lag=2000,write-lag=2000,done-but=409",
  ])("what a reply hides, a reading shows: %s", async (faults) => {
    run = await promoteUnder({ faults, customers: FEWER, policy: POLICY });

    await run.expectTrueOutcomes();
  });

  // Other seeds are in matrix/faults.test.ts.
  test.each([3])("all of it at once (seed %i)", async (seed) => {
    run = await promoteUnder({ faults: EVERYTHING_OFTEN, customers: CUSTOMERS, seed, policy: POLICY });

    await run.expectTrueOutcomes();
    expect(run.report.status).toBe("succeeded");
  });

  test.each([1])("all of it at once, listings that lie included: complete or refused (seed %i)", async (seed) => {
    run = await promoteUnder({ faults: EVERYTHING_AND_LIES, customers: CUSTOMERS, seed, policy: POLICY });

    if (run.report.status === "refused") run.expectUntouched();
    else await run.expectTrueOutcomes();
  });
});
