import type { ApiResponse } from "./response.ts";
import type { SessionToken } from "./session.ts";

const MOST_REJECTED_SESSIONS = 5;

/**
 * Tracks the responses to all requests of one part. The result gives true after five rejected sessions in a row: another
 * sign-in cannot help. Each time that it gives true, one more session may be tried, because the cause may have ended.
 */
export function createSessionBreaker() {
  let newestAccepted: number | undefined;
  return ({ kind }: ApiResponse, token: SessionToken | undefined): boolean => {
    if (token === undefined) return false;
    if (kind === "ok" || kind === "rejected" || kind === "server-error")
      newestAccepted = Math.max(newestAccepted ?? 0, token.serial);
    if (kind !== "unauthenticated" && kind !== "login-page") return false;
    newestAccepted ??= token.serial - 1;
    if (token.serial - newestAccepted < MOST_REJECTED_SESSIONS) return false;
    newestAccepted += 1;
    return true;
  };
}
