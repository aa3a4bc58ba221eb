import { findJson } from "../contract/find-json.ts";
import { ErrorReply } from "./wire.ts";

/** The result of one attempt; the kind decides what is done next. */
export type ApiResponse =
  /** JSON, or no body. The sender of the request checks the content. */
  | { readonly kind: "ok"; readonly body: unknown; readonly cookies: readonly string[] }
  /** 429: the server did not process the request. 503: the server is busy, or a proxy gave up. Every caller slows down. */
  | { readonly kind: "throttled" | "unavailable"; readonly status: number; readonly retryAfterMs?: number }
  /** 401: the session has ended. A redirect or an HTML page: the session has ended, or a proxy answered. */
  | { readonly kind: "unauthenticated" | "login-page"; readonly status: number }
  /** 408 and the other 5xx: the server or a proxy failed. The other 4xx: a repeat would get the same response. */
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
  const body = findJson(text);
  if (body === undefined && text !== "") return { kind: "lost", why: describeBody(headers.get("content-encoding")) };
  return { kind: "ok", body, cookies: headers.getSetCookie() };
}

/** A gzipped body is unpacked before. */
function describeBody(encoding: string | null): string {
  return encoding === null ? "a body that is no JSON" : "a compressed body, although none was asked for";
}

function toError(status: number, text: string): ApiResponse {
  const errorCode = findErrorCode(text);
  const kind = status >= 500 || status === 408 ? "server-error" : "rejected";
  return { kind, status, ...(errorCode !== undefined && { errorCode }) };
}

/** Whether Evo Voice cannot have seen the request: it was busy, or there was no connection to send it on. */
export function isUnseen(response: ApiResponse): boolean {
  if (response.kind === "lost") return NO_CONNECTION.includes(response.why) || UNTRUSTED.test(response.why);
  return response.kind === "throttled" || response.kind === "unavailable";
}

const NO_CONNECTION: readonly string[] = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** The codes of a refused certificate. No request is sent on such a connection. */
const UNTRUSTED = /CERT|UNABLE_TO_/;

/**
 * Whole seconds or an HTTP date, as milliseconds from now. No time when it is zero, past, or not written as the standard
 * says: `Headers` joins two headers to one, and `Date.parse` reads almost any text as a date.
 */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  const text = value ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - nowMs;
  return ms > 0 ? ms : undefined;
}

/** `NaN` for any other text. */
function parseHttpDate(text: string): number {
  const at = Date.parse(text);
  return new Date(at).toUTCString() === text ? at : Number.NaN;
}

/** Only the error's code is kept: its message may quote the request. */
function findErrorCode(text: string): string | undefined {
  const parsed = ErrorReply.safeParse(findJson(text));
  const code = parsed.data?.responseStatus.errorCode;
  return code != null && /^\w{1,60}$/.test(code) ? code : undefined;
}

/**
 * The response of an attempt that threw. It keeps the innermost code, or else the innermost name, because the error
 * itself may contain the request with its headers and body.
 */
export function toLost(error: unknown): ApiResponse {
  const causes = toCauses(error);
  const name = causes.findLast(({ code }) => typeof code === "string")?.code ?? causes.at(-1)?.name;
  return { kind: "lost", why: typeof name === "string" ? describeCause(name, causes) : "unknown cause" };
}

function describeCause(name: string, causes: readonly Cause[]): string {
  if (UNTRUSTED.test(name)) return `a certificate that is not trusted: ${name}`;
  // undici's words for this one cause.
  const isUnasked = causes.some(({ message }) => message === "bad response");
  return isUnasked ? "100 Continue, which the request did not ask for" : name;
}

interface Cause {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** From the outermost cause to the innermost. Errors of another realm are not instances of this realm's `Error`. */
function toCauses(error: unknown): readonly Cause[] {
  if (typeof error !== "object" || error === null) return [];
  const outer: Cause = error;
  return [outer, ...toCauses(outer.cause)];
}
