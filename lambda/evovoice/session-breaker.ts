import type { ApiResponse } from "./response.ts";
import type { SessionToken } from "./session.ts";

/** After so many rejected sessions in a row, the user itself is in doubt. */
const MOST_REJECTED_SESSIONS = 5;

export interface SessionBreaker {
  /**
   * True after five rejected sessions in a row: another sign-in is of no use. Each time that it is true, one more session
   * may be tried: the cause may have gone.
   */
  trips(response: ApiResponse, token: SessionToken | undefined): boolean;
}

/** Watches the responses to all requests of one part. */
export function createSessionBreaker(): SessionBreaker {
  /** The newest session that was accepted. */
  let accepted: number | undefined;
  return {
    trips({ kind }, token) {
      if (token === undefined) return false;
      if (kind === "ok" || kind === "rejected" || kind === "server-error")
        accepted = Math.max(accepted ?? 0, token.serial);
      if (kind !== "unauthenticated" && kind !== "login-page") return false;
      accepted ??= token.serial - 1;
      if (token.serial - accepted < MOST_REJECTED_SESSIONS) return false;
      accepted += 1;
      return true;
    },
  };
}
