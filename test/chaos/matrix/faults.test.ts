import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { EVERYTHING_AND_LIES, EVERYTHING_OFTEN, type FaultyRun, POLICY, promoteUnder } from "../faulty-run.ts";

let run: FaultyRun | undefined;

afterEach(async () => {
  await run?.close();
  run = undefined;
});

describe("1,000 customers, and Evo Voice misbehaves often: every outcome is true, whatever the seed", () => {
  const replies = ["html-login", "redirect", "half-json", "other-id", "no-flag", "old-flag", "lost-write"];

  test.each(["drop-before", "drop-after", ...replies])("30 %% of %s", async (fault) => {
    run = await promoteUnder({ faults: `${fault}=30%`, policy: POLICY });

    await run.expectTrueOutcomes();
    expect(run.report.status).toBe("succeeded");
  });

  test.each([4])("all of it at once (seed %i)", async (seed) => {
    run = await promoteUnder({ faults: EVERYTHING_OFTEN, seed, policy: POLICY });

    await run.expectTrueOutcomes();
    expect(run.report.status).toBe("succeeded");
  });

  test.each([2, 3])("all of it at once, listings that lie included: complete or refused (seed %i)", async (seed) => {
    run = await promoteUnder({ faults: EVERYTHING_AND_LIES, seed, policy: POLICY });

    if (run.report.status === "refused") run.expectUntouched();
    else await run.expectTrueOutcomes();
  });
});
