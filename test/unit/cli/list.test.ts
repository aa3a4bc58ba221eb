import type { Door } from "../../../cli/connect.ts";
import { findCustomer, listRollouts } from "../../../cli/list.ts";
import { showControls } from "../../../cli/steer.ts";
import { expect, jest, test } from "../../support/jest.ts";

const AT = "2026-11-23T02:00:00.000Z";
const counts = { flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };
const rollback = { restored: 32, conflicting: 1, failed: 16 };
const ended = { ...{ rolloutId: "back", action: "rollback", release: "1.0", counts, rollback }, startedAt: AT };
const customer = { customerId: "c", name: "Acme", outcome: "restored", at: "2026-11-23T04:00:00.000Z" };
const found = { ...{ ...customer, rolloutId: "night", action: "promote", release: "1.0" }, startedAt: AT };
const open = { status: "open", holds: {}, protectedIds: [] };

type Show = (door: Door, form: object) => Promise<number>;
const SHOWN: readonly (readonly [string, Show, object, string])[] = [
  [
    "a rollback that left customers, with its sender",
    listRollouts,
    { rollouts: [{ ...ended, status: "rolled-back", requestedBy: "ann" }] },
    `rollback 1.0   rolled back
  back   2026-11-23 02:00:00 UTC
  32 restored, 1 conflicting, 16 not restored
  asked by ann`,
  ],
  [
    "a rollback that was only planned",
    listRollouts,
    { rollouts: [{ ...ended, status: "planned" }] },
    "rollback 1.0   planned\n  back   2026-11-23 02:00:00 UTC\n  16 to restore",
  ],
  [
    "when a rollout began, and when its customer was restored",
    (door, form) => findCustomer(door, {}, form),
    { rollouts: [{ ...found, rolledBackBy: "back", rollback: { requestedBy: "bob", reason: "calls drop" } }] },
    `promote 1.0   night   2026-11-23 02:00:00 UTC
  restored at 2026-11-23 04:00:00 UTC           Acme  (c)
  rolled back by back: asked by bob: calls drop`,
  ],
  [
    "that no control applies",
    showControls,
    open,
    "no stop and no freeze\n0 customers protected here, besides those of the policy",
  ],
];

test.each(SHOWN)("shows %s", async (_title, show, answer, text) => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  await show({ ask: async () => answer } as unknown as Door, {});
  const [[written] = []] = write.mock.calls;
  write.mockRestore();
  expect(String(written).trimEnd()).toBe(text);
});
