import { describe, test } from "@jest/globals";
import { FAILURES, IN_A_WAVE, runRow } from "./gate-rows.ts";

describe("a canary of 10 % for 5 minutes that halts when it meets", () => {
  test.each(Object.entries({ ...IN_A_WAVE, ...FAILURES }))("%s, in its last wave", (_name, cause) =>
    runRow({ strategy: "canary-10-percent-5-minutes", onFailure: "halt", wave: 2 }, cause),
  );
});
