import { type ApiResponse, classify, isUnseen, parseRetryAfter, toLost } from "../../../../lambda/evovoice/response.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const HTML = { "content-type": "Text/HTML; charset=utf-8" };
const ERROR = JSON.stringify({ responseStatus: { errorCode: "NotFound", message: "the text hunter2" } });

test.each<{ status: number; headers?: Record<string, string>; text?: string; response: ApiResponse }>([
  { status: 200, text: '{"id":"c1"}', response: { kind: "ok", body: { id: "c1" }, cookies: [] } },
  { status: 204, text: "", response: { kind: "ok", body: undefined, cookies: [] } },
  { status: 200, headers: { "set-cookie": "a=1" }, response: { kind: "ok", body: undefined, cookies: ["a=1"] } },
  { status: 200, text: '{"id":"c1","isSta', response: { kind: "lost", why: "a body that is no JSON" } },
  { status: 200, headers: HTML, text: "<html>", response: { kind: "login-page", status: 200 } },
  { status: 302, headers: { location: "/login" }, response: { kind: "login-page", status: 302 } },
  { status: 401, response: { kind: "unauthenticated", status: 401 } },
  { status: 429, response: { kind: "throttled", status: 429 } },
  { status: 429, headers: { "retry-after": "7" }, response: { kind: "throttled", status: 429, retryAfterMs: 7_000 } },
  { status: 503, headers: { "retry-after": "0" }, response: { kind: "unavailable", status: 503 } },
  { status: 400, response: { kind: "rejected", status: 400 } },
  { status: 403, headers: HTML, text: "<html>", response: { kind: "rejected", status: 403 } },
  { status: 404, text: ERROR, response: { kind: "rejected", status: 404, errorCode: "NotFound" } },
  { status: 408, response: { kind: "server-error", status: 408 } },
  { status: 499, response: { kind: "rejected", status: 499 } },
  { status: 500, text: ERROR, response: { kind: "server-error", status: 500, errorCode: "NotFound" } },
  { status: 502, headers: HTML, text: "<html>", response: { kind: "server-error", status: 502 } },
])("status $status with the headers $headers and the body $text is $response.kind", (given) => {
  const { status, headers = {}, text = "", response } = given;
  expect(classify({ status, headers: new Headers(headers) }, text)).toEqual(response);
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");

  test.each<[value: string | null, ms: number | undefined]>([
    [null, undefined],
    ["0", undefined],
    ["120", 120_000],
    ["1.5", undefined],
    ["5, 5", undefined],
    ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 12:00:00 GMT", undefined],
    ["Mon, 23 Nov 2026 11:59:00 GMT", undefined],
    ["Sun, 23 Nov 2026 12:00:30 GMT", undefined],
    ["soon", undefined],
    ["", undefined],
  ])("%j is %d ms", (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});

test.each([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "a certificate that is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT", true],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "a certificate that is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE", true],
  ["CERT_HAS_EXPIRED", "a certificate that is not trusted: CERT_HAS_EXPIRED", true],
  ["ECONNREFUSED", "ECONNREFUSED", true],
  ["ECONNRESET", "ECONNRESET", false],
])("a request that failed with %s got no answer because of %s; unseen: %s", (code, why, unseen) => {
  const cause = Object.assign(new Error("of the connection"), { code });
  const lost = toLost(new TypeError("fetch failed", { cause }));
  expect(lost).toEqual({ kind: "lost", why });
  expect(isUnseen(lost)).toBe(unseen);
});
