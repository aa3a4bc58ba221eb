import { parseJson } from "./parse-json.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { ErrorReply } from "./wire.ts";

/** What came of one try, told apart by what has to be done about it. */
export type Answer =
  | { readonly kind: "answered"; readonly body: unknown; readonly cookies: readonly string[] }
  /** Slow down: 429, or 503; every caller waits when the server says how long. */
  | { readonly kind: "throttled"; readonly status: number; readonly retryAfterMs?: number }
  /** Sign in again: 401, a redirect or a login page. */
  | { readonly kind: "signed out"; readonly status: number }
  | { readonly kind: "refused"; readonly status: number; readonly errorCode?: string }
  /** Nobody knows whether it was done: a dropped connection, a timeout, a body that is no JSON. `why` is a short name. */
  | { readonly kind: "lost"; readonly why: string };

/** Makes one try of a request and says what came; never throws for what a server or a network can do. */
export async function attempt(transport: Transport, request: ApiRequest): Promise<Answer> {
  try {
    const response = await transport(request);
    return toAnswer(response, await response.text());
  } catch (error) {
    return { kind: "lost", why: nameOf(error) };
  }
}

function toAnswer({ status, headers }: Response, text: string): Answer {
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
    return { kind: "throttled", status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (status === 401 || (status >= 300 && status < 400)) return { kind: "signed out", status };
  if (status >= 400) return toRefused(status, text);
  if (/\bhtml\b/i.test(headers.get("content-type") ?? "")) return { kind: "signed out", status };
  const cookies = headers.getSetCookie();
  if (text === "") return { kind: "answered", body: undefined, cookies };
  const body = parseJson(text);
  return body === undefined ? { kind: "lost", why: "a body that is no JSON" } : { kind: "answered", body, cookies };
}

function toRefused(status: number, text: string): Answer {
  const errorCode = findErrorCode(text);
  return { kind: "refused", status, ...(errorCode !== undefined && { errorCode }) };
}

/** Only the code: a message may quote what was sent. */
function findErrorCode(text: string): string | undefined {
  const parsed = ErrorReply.safeParse(parseJson(text));
  const code = parsed.data?.responseStatus.errorCode;
  return code != null && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** The innermost code, or else name: the error itself may hold the request, with its headers and body. */
function nameOf(error: unknown): string {
  const causes = toCauses(error);
  const named = causes.findLast(({ code }) => typeof code === "string")?.code ?? causes.at(-1)?.name;
  return typeof named === "string" ? named : "unknown cause";
}

interface Cause {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** From the outermost to the innermost; errors of other realms are none of this one's `Error`. */
function toCauses(error: unknown): readonly Cause[] {
  if (typeof error !== "object" || error === null) return [];
  const outer: Cause = error;
  return [outer, ...toCauses(outer.cause)];
}

/** Seconds or an HTTP date, as milliseconds from now. */
export function parseRetryAfter(value: string | null, nowMs: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
