import { describe, test } from "../support/jest.ts";
import { BEFORE, FIRST_WAVE_FAILURES, IN_A_BAKE, IN_A_WAVE, LAST_WAVE_FAILURES, runRow } from "./gate-rows.ts";

/** What each snapshot decides is in unit/lambda/core/gate/evaluate-gate.test.ts; here the whole rollout keeps to it. */
describe("a canary of 10 % for 5 minutes that meets", () => {
  test.each(Object.entries(BEFORE))("%s", (_name, cause) => runRow({ onFailure: "rollback", wave: 1 }, cause));

  test.each(Object.entries({ ...IN_A_WAVE, ...IN_A_BAKE, ...FIRST_WAVE_FAILURES }))(
    "%s, in its first wave",
    (_name, cause) => runRow({ onFailure: "rollback", wave: 1 }, cause),
  );

  test.each(Object.entries({ ...IN_A_WAVE, ...LAST_WAVE_FAILURES }))(
    "%s, in its last wave, and halts",
    (_name, cause) => runRow({ onFailure: "halt", wave: 2 }, cause),
  );
});
