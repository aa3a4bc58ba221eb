import { ErrorReply } from "./wire.ts";

/** What one attempt of a request came to, told apart by what has to be done next. */
export type ApiResponse =
  /** JSON, or no body at all. Whether it is what was asked for, the sender of the request decides. */
  | { readonly kind: "ok"; readonly body: unknown; readonly cookies: readonly string[] }
  /** 429: the request was not looked at; 503: the server is busy, or a proxy waited too long for it. Every caller slows down. */
  | { readonly kind: "throttled" | "unavailable"; readonly status: number; readonly retryAfterMs?: number }
  /** 401: the session has ended; a redirect or an HTML page: that, or something stands in front of Evo Voice. */
  | { readonly kind: "unauthenticated" | "login-page"; readonly status: number }
  /** 408 and the other 5xx: the server or a proxy failed; the other 4xx: the same response next time. */
  | { readonly kind: "server-error" | "rejected"; readonly status: number; readonly errorCode?: string }
  /** No usable response: a dropped connection, a timeout, a body that is no JSON. `why` is a short name. */
  | { readonly kind: "lost"; readonly why: string };

export type ResponseClass = ApiResponse["kind"];

export function classify({ status, headers }: Pick<Response, "status" | "headers">, text: string): ApiResponse {
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
    const kind = status === 429 ? "throttled" : "unavailable";
    return { kind, status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (status === 401) return { kind: "unauthenticated", status };
  if (status >= 300 && status < 400) return { kind: "login-page", status };
  if (status >= 400) return toError(status, text);
  if (/\bhtml\b/i.test(headers.get("content-type") ?? "")) return { kind: "login-page", status };
  const body = parseJson(text);
  if (body === undefined && text !== "") return { kind: "lost", why: "a body that is no JSON" };
  return { kind: "ok", body, cookies: headers.getSetCookie() };
}

function toError(status: number, text: string): ApiResponse {
  const errorCode = findErrorCode(text);
  const kind = status >= 500 || status === 408 ? "server-error" : "rejected";
  return { kind, status, ...(errorCode !== undefined && { errorCode }) };
}

/** Seconds or an HTTP date, as milliseconds from now. */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** Only the code of an error is kept: its message may quote what was sent. */
function findErrorCode(text: string): string | undefined {
  const parsed = ErrorReply.safeParse(parseJson(text));
  const code = parsed.data?.responseStatus.errorCode;
  return code != null && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** Undefined for a text that is no JSON: the parser's own error would quote the body. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An attempt that threw. */
export function toLost(error: unknown): ApiResponse {
  return { kind: "lost", why: nameOf(error) };
}

/** The innermost code, or else the innermost name. The error itself may hold the request, with its headers and body. */
function nameOf(error: unknown): string {
  const causes = toCauses(error);
  const name = causes.findLast(({ code }) => typeof code === "string")?.code ?? causes.at(-1)?.name;
  return typeof name === "string" ? name : "unknown cause";
}

interface Cause {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** From the outermost to the innermost. Errors of another realm are no instances of this realm's `Error`. */
function toCauses(error: unknown): readonly Cause[] {
  if (typeof error !== "object" || error === null) return [];
  const outer: Cause = error;
  return [outer, ...toCauses(outer.cause)];
}
