import { loginPage, type Reply, redirectToLogin, toErrorPage, toReply } from "./reply.ts";
import type { EmulatorState } from "./state.ts";

/** The answer of a server in trouble, which does not look at the password; undefined when the sign-in works. */
export function findSignInTrouble(state: EmulatorState, path: string, nowMs: number): Reply | undefined {
  const { numbers, choices } = state.faults;
  if (numbers["sign-in-down"] === 0) return undefined;
  state.signInDownAtMs ??= nowMs;
  if (nowMs >= state.signInDownAtMs + numbers["sign-in-down"]) return undefined;
  switch (choices["sign-in-as"]) {
    case "page":
      return loginPage;
    case "redirect":
      return redirectToLogin(path);
    case "no-cookie":
      return toReply({});
    default:
      return toErrorPage(Number(choices["sign-in-as"]), "Trouble");
  }
}
