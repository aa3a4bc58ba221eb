import { describe, test } from "@jest/globals";
import { ALL_STATES, expectAborted, runInState, say } from "../command-rows.ts";
import { expectSteered, STEERING, toAct } from "../steering-rows.ts";

describe.each(STEERING)("the command %s", (command) => {
  test.each(ALL_STATES)("to a rollout that %s", (state) =>
    runInState(state, toAct(command, state), (ended) => expectSteered(command, state, ended)),
  );
});

describe("an abort without a rollback", () => {
  const leave = say({ command: "abort", rollback: false });

  test.each(ALL_STATES.filter((state) => state !== "flips back"))("of a rollout that %s", (state) =>
    runInState(state, leave, (ended) => expectAborted(state, ended, "halt")),
  );
});
