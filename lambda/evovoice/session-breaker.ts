import type { Answer } from "./response.ts";
import type { SessionToken } from "./session.ts";

/** So many sessions in a row that let nobody in put the user itself in doubt. */
const MOST_VAIN_SESSIONS = 5;

export interface Trust {
  /**
   * Whether this was one session too many that let nobody in. Each time that it is, one more may be tried: whatever
   * stood in the way may have gone.
   */
  isVain(answer: Answer, token: SessionToken | undefined): boolean;
}

/** Whether sessions still let anybody in, by the answers to everybody's requests. */
export function createTrust(): Trust {
  /** The newest session that did. */
  let proven: number | undefined;
  return {
    isVain({ kind }, token) {
      if (token === undefined) return false;
      if (kind === "answered" || kind === "refused") proven = Math.max(proven ?? 0, token.serial);
      if (kind !== "signed out") return false;
      proven ??= token.serial - 1;
      if (token.serial - proven < MOST_VAIN_SESSIONS) return false;
      proven += 1;
      return true;
    },
  };
}
