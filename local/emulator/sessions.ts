import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { User } from "./accounts.ts";
import type { Faults } from "./faults.ts";
import { ServiceError } from "./service-error.ts";

export interface ServerSession {
  readonly id: string;
  readonly user: User;
  calls: number;
}

/** The users and the open sessions. */
export interface Sessions {
  readonly users: readonly User[];
  readonly byId: Map<string, ServerSession>;
  /** Every session id so far. */
  readonly issued: string[];
  /** Refused sign-ins in a row, by user name. */
  readonly refusals: Map<string, number>;
  password: string;
  signIns: number;
  refusedSignIns: number;
}

export interface Credentials {
  readonly userName: string | undefined;
  readonly password: string | undefined;
  readonly rememberMe: boolean;
}

export function createSessions(users: readonly User[], password: string): Sessions {
  return { users, byId: new Map(), issued: [], refusals: new Map(), password, signIns: 0, refusedSignIns: 0 };
}

/** A new password also unlocks users. */
export function changePassword(sessions: Sessions, password: string): void {
  sessions.password = password;
  sessions.refusals.clear();
}

/** The session of the request's cookies, or a session of its HTTP Basic credentials for this request only. */
export function findSession(
  sessions: Sessions,
  headers: IncomingHttpHeaders,
  faults: Faults,
): ServerSession | undefined {
  const session = sessions.byId.get(findSessionId(headers) ?? "");
  if (session !== undefined) return isAlive(sessions, session, faults) ? session : undefined;
  const basic = readBasic(headers.authorization);
  if (basic === undefined) return undefined;
  try {
    return { id: "", user: checkPassword(sessions, basic, faults), calls: 0 };
  } catch {
    return undefined;
  }
}

/** A sign-in begins a session with new ids and ends the request's session. */
export function signIn(
  sessions: Sessions,
  credentials: Credentials,
  headers: IncomingHttpHeaders,
  faults: Faults,
): { session: ServerSession; cookies: readonly string[] } {
  const user = checkPassword(sessions, credentials, faults);
  endSession(sessions, headers);
  sessions.signIns++;
  const temporaryId = createSessionId();
  const permanentId = createSessionId();
  const session = { id: credentials.rememberMe ? permanentId : temporaryId, user, calls: 0 };
  sessions.byId.set(session.id, session);
  sessions.issued.push(temporaryId, permanentId);
  const later = new Date(Date.now() + 20 * 365 * 86_400_000).toUTCString();
  return {
    session,
    cookies: [
      `ss-id=${temporaryId}; path=/; samesite=lax; httponly`,
      `ss-pid=${permanentId}; expires=${later}; path=/; samesite=lax; httponly`,
      `ss-opt=${credentials.rememberMe ? "perm" : "temp"}; expires=${later}; path=/; samesite=lax; httponly`,
      `X-UAId=${sessions.users.indexOf(user) + 1}; expires=${later}; path=/; samesite=lax; httponly`,
    ],
  };
}

export function endSession(sessions: Sessions, headers: IncomingHttpHeaders): void {
  sessions.byId.delete(findSessionId(headers) ?? "");
}

/** `ss-opt` says which of the two session ids counts. */
function findSessionId(headers: IncomingHttpHeaders): string | undefined {
  const cookies = readCookies(headers.cookie);
  const isPermanent = (cookies.get("ss-opt") ?? headers["x-ss-opt"]) === "perm";
  const name = isPermanent ? "ss-pid" : "ss-id";
  return cookies.get(name) ?? headers[`x-${name}`]?.toString();
}

function isAlive(sessions: Sessions, session: ServerSession, faults: Faults): boolean {
  const calls = faults.numbers["session-death"];
  if (calls > 0 && session.calls >= calls) {
    sessions.byId.delete(session.id);
    return false;
  }
  session.calls++;
  return true;
}

function checkPassword(
  sessions: Sessions,
  { userName, password }: Omit<Credentials, "rememberMe">,
  faults: Faults,
): User {
  if (!userName || !password) {
    const fieldName = userName ? "Password" : "UserName";
    throw new ServiceError(400, "NotEmpty", `'${fieldName}' must not be empty.`, fieldName);
  }
  const key = userName.toLowerCase();
  const refusals = sessions.refusals.get(key) ?? 0;
  const lockout = faults.numbers.lockout;
  if (faults.flags.has("locked-account") || (lockout > 0 && refusals >= lockout)) {
    sessions.refusedSignIns++;
    throw new ServiceError(401, "Unauthorized", "User Account Locked");
  }
  const user = sessions.users.find((candidate) => candidate.userName === key);
  if (user === undefined || password !== sessions.password || faults.flags.has("wrong-password")) {
    sessions.refusals.set(key, refusals + 1);
    sessions.refusedSignIns++;
    throw new ServiceError(401, "Unauthorized", "Invalid Username or Password");
  }
  sessions.refusals.delete(key);
  return user;
}

function createSessionId(): string {
  return randomBytes(15).toString("base64url");
}

function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header?.split(";") ?? []) {
    const at = part.indexOf("=");
    if (at > 0) cookies.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return cookies;
}

function readBasic(header: string | undefined): { userName: string; password: string } | undefined {
  const encoded = /^basic +([a-z0-9+/=]+) *$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  const at = text.indexOf(":");
  return at < 0 ? undefined : { userName: text.slice(0, at), password: text.slice(at + 1) };
}
