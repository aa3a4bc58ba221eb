import { describe, test } from "@jest/globals";
import { IN_A_BAKE, IN_A_WAVE, runRow } from "../gate-rows.ts";

/** With gates.test.ts every cause, for one strategy; matrix/gates.test.ts has every strategy, every wave and both ways to end. */
describe("a canary of 10 % for 5 minutes that meets", () => {
  const strategy = "canary-10-percent-5-minutes";

  test.each(Object.entries({ ...IN_A_WAVE, ...IN_A_BAKE }))("%s, in its first wave", (_name, cause) =>
    runRow({ strategy, onFailure: "rollback", wave: 1 }, cause),
  );
  test.each(Object.entries(IN_A_WAVE))("%s, in its last wave, and halts", (_name, cause) =>
    runRow({ strategy, onFailure: "halt", wave: 2 }, cause),
  );
});
