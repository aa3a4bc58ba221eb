import { describe, expect, test } from "@jest/globals";
import { parseRetryAfter } from "../../../lambda/evovoice/response.ts";

describe("Retry-After", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");

  test.each([
    { value: null, ms: undefined },
    { value: "0", ms: 0 },
    { value: "120", ms: 120_000 },
    { value: " 1.5 ", ms: 1_500 },
    { value: "Mon, 23 Nov 2026 12:00:30 GMT", ms: 30_000 },
    { value: "Mon, 23 Nov 2026 11:59:00 GMT", ms: 0 },
    { value: "soon", ms: undefined },
    { value: "", ms: undefined },
  ])("$value is $ms ms", ({ value, ms }) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});
