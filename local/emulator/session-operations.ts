import type { User } from "./accounts.ts";
import type { Call } from "./operation.ts";
import { getBoolean, getText } from "./parameters.ts";
import { type Reply, reply, toReply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";
import { endSession, signIn } from "./sessions.ts";

/** `POST /auth/{provider}`: signs in, or signs out with the provider `logout`. */
export function authenticateUser({ state, parameters, headers }: Call): Reply {
  const provider = getText(parameters, "provider")?.toLowerCase() ?? "";
  if (provider === "logout") {
    endSession(state.sessions, headers);
    return toReply({});
  }
  if (provider !== "credentials") {
    throw new ServiceError(404, "NotFound", `No configuration was added for OAuth provider '${provider}'`);
  }
  const credentials = {
    userName: getText(parameters, "userName"),
    password: getText(parameters, "password"),
    rememberMe: getBoolean(parameters, "rememberMe"),
  };
  const { session, cookies } = signIn(state.sessions, credentials, headers, state.faults);
  return reply(
    JSON.stringify(toAuthenticateResponse(session.user, session.id)),
    cookies.map((cookie) => ["Set-Cookie", cookie] as const),
  );
}

function toAuthenticateResponse(user: User, sessionId: string): object {
  return {
    userId: user.id,
    sessionId,
    userName: user.userName,
    displayName: user.displayName,
    roles: [user.role],
    permissions: [],
  };
}
