import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { RolloutEventOf } from "../../../../lambda/core/report/rollout-event.ts";
import { describeChange } from "../../../../local/sandbox/describe-change.ts";
import { expect, test } from "../../../support/jest.ts";

const head = { rolloutId: "promote-1", action: "promote", release: "2026.11", at: "2026-11-23T02:00:00.000Z" } as const;
const plan = { flip: 1_260, unchanged: 1, skipped: 0, waves: 1, hash: "9".repeat(64) };
const anAlarm = (name: string) => ({ code: "alarm", message: `alarm ${name}` });
const counts = { ...NO_COUNTS, flipped: 1_260 };

test.each<[RolloutEventOf, string]>([
  [{ change: "started", plan }, "started: 1,260 customers to flip, in 1 wave"],
  [{ change: "started" }, "started"],
  [{ change: "wave done", wave: 1, waves: 3, counts }, "wave 1 of 3: done, 1,260 flipped in all"],
  [{ change: "gate decided", wave: 1, decision: "proceed", reasons: [] }, "gate 1: proceed"],
  [
    { change: "gate decided", wave: 2, decision: "roll back", reasons: [anAlarm("a"), anAlarm("b")] },
    "gate 2: roll back; alarm a; alarm b",
  ],
  [
    { change: "rolled back", rollback: { restored: 1_000, conflicting: 2, failed: 3 } },
    "rolled back: 1,000 restored, 2 conflicting, 3 failed",
  ],
  [{ change: "ended", status: "rolled-back", counts }, "ended: rolled-back"],
])("%j is described in one line", (change, line) => {
  expect(describeChange({ ...head, ...change })).toBe(line);
});
