import { describe, test } from "@jest/globals";
import { BEFORE, FAILURES, IN_A_WAVE, runRow } from "./gate-rows.ts";

/** Every cause but those in a bake, once; gates.deep.ts has these, the last wave and the other way to end. */
describe("a canary of 10 % for 5 minutes that meets", () => {
  const row = { strategy: "canary-10-percent-5-minutes", onFailure: "rollback", wave: 1 } as const;

  test.each(Object.entries(BEFORE))("%s", (_name, cause) => runRow(row, cause));
  test.each(Object.entries({ ...IN_A_WAVE, ...FAILURES }))("%s, in its first wave", (_name, cause) =>
    runRow(row, cause),
  );
});
