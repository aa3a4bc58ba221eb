import { describe, test } from "@jest/globals";
import { BEFORE, FAILURES, runRow } from "./gate-rows.ts";

/** What is decided before the first flip, and by the failures of a wave; long/gates.test.ts has the alarms in waves and bakes. */
describe("a canary of 10 % for 5 minutes that meets", () => {
  const row = { strategy: "canary-10-percent-5-minutes", onFailure: "rollback", wave: 1 } as const;

  test.each(Object.entries(BEFORE))("%s", (_name, cause) => runRow(row, cause));
  test.each(Object.entries(FAILURES))("%s, in its first wave", (_name, cause) => runRow(row, cause));
});
