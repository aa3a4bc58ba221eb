import type { ApiResponse } from "./response.ts";
import type { SessionToken } from "./session.ts";
import type { ApiRequest } from "./transport.ts";

/** So many fresh sessions in a row get a 401 for a write, or for a reading, before another sign-in cannot help. */
export const MOST_REJECTED_SESSIONS = 2;

/**
 * Follows the responses to all requests of one part. The result gives true when the sign-in works and this method does
 * not: no session since the last accepted one let a request of this method in. The first session may simply have ended.
 */
export function createSessionBreaker() {
  const methods = new Map<ApiRequest["method"], { readonly serial: number; readonly rejected: number }>();
  return (method: ApiRequest["method"], { serial }: SessionToken, { kind }: ApiResponse): boolean => {
    const last = methods.get(method) ?? { serial, rejected: 0 };
    const isAccepted = kind === "ok" || kind === "rejected" || kind === "server-error";
    const isRejected = kind === "unauthenticated" && serial > last.serial;
    const rejected = isAccepted ? 0 : last.rejected + (isRejected ? 1 : 0);
    methods.set(method, { serial: isAccepted || isRejected ? Math.max(serial, last.serial) : last.serial, rejected });
    // Any other response may hide a write, and is judged by the request that got it.
    return kind === "unauthenticated" && rejected >= MOST_REJECTED_SESSIONS;
  };
}
