import {
  DAY_MS,
  FLIP_SHARE,
  ROLLBACK_SHARE,
  stopToKeepReserve,
} from "../../../../../lambda/core/gate/rollback-reserve.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

describe("one execution", () => {
  test.each([
    [{ operations: 2_499, elapsedMs: 27 * DAY_MS - 1 }, FLIP_SHARE],
    [{ operations: 2_899, elapsedMs: 30 * DAY_MS - 1 }, ROLLBACK_SHARE],
  ])("continues after %j", (used, share) => {
    expect(stopToKeepReserve(used, share)).toBeUndefined();
  });

  test.each([
    [{ operations: 2_500, elapsedMs: 0 }, FLIP_SHARE, "2500 durable operations"],
    [{ operations: 0, elapsedMs: 27 * DAY_MS }, FLIP_SHARE, "27 days"],
    [{ operations: 2_900, elapsedMs: 30 * DAY_MS }, ROLLBACK_SHARE, "2900 durable operations, 30 days"],
  ])("halts after %j, and keeps a reserve", (used, share, said) => {
    const reasons = [{ code: "rollback-reserve", used: said }];
    expect(stopToKeepReserve(used, share)).toEqual({ decision: "halt", cause: "share", reasons });
  });
});
