import type { User } from "./accounts.ts";
import type { Call } from "./operation.ts";
import { getBoolean, getText } from "./parameters.ts";
import { type Reply, reply, toReply, unauthorized } from "./reply.ts";
import { ServiceError } from "./service-error.ts";
import { endSession, signIn } from "./sessions.ts";

/** `POST /auth/{provider}`: signs in, or signs out with the provider `logout`. */
export function authenticateUser(call: Call): Reply {
  const { state, parameters, headers } = call;
  const provider = getText(parameters, "provider")?.toLowerCase() ?? "";
  if (provider === "logout") {
    endSession(state.sessions, headers);
    return toReply({});
  }
  if (call.method === "GET") {
    throw new ServiceError(405, "NotSupportedException", "GET Authenticate requests are disabled");
  }
  const userName = getText(parameters, "userName");
  const password = getText(parameters, "password");
  if (provider === "" && userName === undefined && password === undefined) {
    return call.user === undefined ? unauthorized : toReply(toAuthenticateResponse(call.user, ""));
  }
  if (!["", "credentials", "basic"].includes(provider)) {
    throw new ServiceError(404, "NotFound", `No configuration was added for OAuth provider '${provider}'`);
  }
  const credentials = { userName, password, rememberMe: getBoolean(parameters, "rememberMe") };
  const { session, cookies } = signIn(state.sessions, credentials, headers, state.faults);
  return reply(
    JSON.stringify(toAuthenticateResponse(session.user, session.id)),
    cookies.map((cookie) => ["Set-Cookie", cookie] as const),
  );
}

/** `GET /auth/status`; it needs no sign-in. */
export function getUserInfo({ state, user }: Call): Reply {
  if (user === undefined) return toReply({ isAuthenticated: false });
  const accounts = state.table.accounts.filter(({ id }) => user.accountIds === "all" || user.accountIds.includes(id));
  return toReply({
    id: user.id,
    isAuthenticated: true,
    name: user.displayName,
    emailAddress: user.userName,
    roles: [user.role],
    accountIds: user.accountIds === "all" ? [] : accounts.map(({ id }) => id),
    accountNames: user.accountIds === "all" ? [] : accounts.map(({ name }) => name),
    ...(user.role === "Manager" && { managerAccess: "ReadWrite" }),
  });
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
