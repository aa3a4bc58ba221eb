import { test } from "@jest/globals";
import { expectEndWhileFlipping, expectEndWhileTurningBack } from "../crash-anywhere-scenario.ts";

test.each([2])(
  "killed again and again while it flips, against a server with every fault at once, a rollout ends with true outcomes (seed %d)",
  expectEndWhileFlipping,
);

test.each([2])(
  "killed again and again while it is turned back, against a server with every fault at once, a rollout says of everybody where they are (seed %d)",
  expectEndWhileTurningBack,
);
