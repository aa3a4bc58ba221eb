import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../make-stack.ts";
import { measureRollout } from "../measure-rollout.ts";

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment());
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

test("a question for the status of 1,000 customers reads as much as the cost page says", async () => {
  const [, units] = /outcomes read .*?: (\d+) read units when 1,000/s.exec(
    readFileSync(join(ROOT, "docs/cost.md"), "utf8"),
  ) as RegExpExecArray;
  const { readUnitsOfStatus } = await measureRollout(1_000);
  expect(Math.abs(readUnitsOfStatus - Number(units))).toBeLessThanOrEqual(2);
});
