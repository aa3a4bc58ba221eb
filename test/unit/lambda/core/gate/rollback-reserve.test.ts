import { describe, expect, test } from "@jest/globals";
import { stopToKeepReserve, type Used } from "../../../../../lambda/core/gate/rollback-reserve.ts";

const DAY_MS = 86_400_000;

describe("the flips of one execution", () => {
  test.each<Used>([
    { parts: 0, sinceMs: 0 },
    { parts: 599, sinceMs: 0 },
    { parts: 0, sinceMs: 27 * DAY_MS - 1 },
  ])("continue after %j", (used) => {
    expect(stopToKeepReserve(used)).toBeUndefined();
  });

  test.each<[Used, string]>([
    [{ parts: 600, sinceMs: 0 }, "600 parts"],
    [{ parts: 0, sinceMs: 27 * DAY_MS }, "27 days"],
  ])("halt after %j, and keep a reserve for the rollback", (used, said) => {
    expect(stopToKeepReserve(used)).toEqual({
      decision: "halt",
      cause: "share",
      reasons: [{ code: "rollback-reserve", used: said }],
    });
  });
});
