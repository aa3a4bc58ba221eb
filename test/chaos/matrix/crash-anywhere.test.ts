import { test } from "../../support/jest.ts";
import { expectEndWhileFlipping, expectEndWhileTurningBack } from "../crash-anywhere-scenario.ts";

test.each([1, 2])(
  "killed again and again while it flips, a rollout ends with true outcomes (seed %d)",
  expectEndWhileFlipping,
);

test.each([1, 2])(
  "killed again and again in its rollback, a rollout says where each customer is (seed %d)",
  expectEndWhileTurningBack,
);
