import { createWorkerMetrics } from "../../../../lambda/aws/worker-metrics.ts";
import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { RolloutEventOf } from "../../../../lambda/core/report/rollout-event.ts";
import { readWritten } from "../../../infra/ring-alarms.ts";
import { captureOutput } from "../../../support/capture-output.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";
import { aChange } from "../core/a-change.ts";

const service = process.env.POWERTOOLS_SERVICE_NAME;
let output: ReturnType<typeof captureOutput>;

beforeEach(() => {
  process.env.POWERTOOLS_SERVICE_NAME = "cutover-test";
  output = captureOutput();
});

afterEach(() => {
  output.restore();
  if (service === undefined) delete process.env.POWERTOOLS_SERVICE_NAME;
  else process.env.POWERTOOLS_SERVICE_NAME = service;
});

/** What is written for the deployment, by metric. */
function written(): readonly (readonly [string, number])[] {
  output.restore();
  return readWritten(output.lines()).map(({ metric, value }) => [metric, value]);
}

test.each<[RolloutEventOf, readonly (readonly [string, number])[]]>([
  [{ change: "started" }, [["RolloutStarted", 1]]],
  [{ change: "gate decided", wave: 1, decision: "proceed", reasons: [] }, [["GateProceeded", 1]]],
  [{ change: "gate decided", wave: 1, decision: "roll back", reasons: [] }, [["GateRolledBack", 1]]],
  [{ change: "gate decided", wave: 1, decision: "halt", reasons: [] }, [["GateHalted", 1]]],
  [
    { change: "rolled back", rollback: { restored: 7, conflicting: 2, failed: 1 } },
    [
      ["Restored", 7],
      ["Conflicting", 2],
      ["NotRestored", 1],
    ],
  ],
  [{ change: "rolled back", rollback: { restored: 7, conflicting: 0, failed: 0 } }, [["Restored", 7]]],
  [{ change: "wave done", wave: 1, waves: 2, counts: { ...NO_COUNTS, flipped: 5 } }, []],
  // The worker counts how its rollouts end, those that were refused before they began among them.
  [{ change: "ended", status: "succeeded", counts: { ...NO_COUNTS, flipped: 5 } }, []],
])("%j is counted for its environment", (change, expected) => {
  createWorkerMetrics().countEvent(aChange(change));
  expect(written()).toEqual(expected.map(([name, value]) => [`Cutover ${name} service=cutover-test`, value]));
});

test("a failed notification is counted", () => {
  createWorkerMetrics().countNotificationFailed();
  expect(written()).toEqual([["Cutover NotificationFailed service=cutover-test", 1]]);
});
