import { SIGN_IN, SignInRefusedError, toFailure } from "./errors.ts";
import type { ApiResponse } from "./response.ts";
import type { ClientLog } from "./sample-log.ts";
import type { ApiRequest } from "./transport.ts";

/** The Evo Voice login as the secret holds it, with the version it was read from. */
export interface Login {
  readonly userName: string;
  readonly password: string;
  readonly versionId: string;
}

export interface SessionPorts {
  /** Reads the secret's current version, afresh. */
  readLogin(): Promise<Login>;
  /** When this version of the secret was refused before, in any invocation. */
  findRefusal(versionId: string): Promise<{ readonly at: string } | undefined>;
  rememberRefusal(versionId: string): Promise<void>;
  /** Counts the attempts of this version in a row, over all invocations, that may have been refusals; gives the count. */
  countUnclearSignIn(versionId: string): Promise<number>;
  clearUnclearSignIns(versionId: string): Promise<void>;
  /** Alerts the operator that the login which the secret holds now is refused; not called for an old, rotated login. */
  reportRefusal(versionId: string): void;
}

/** How a caller's sign-in request is sent: until it is answered or refused. It must not sign in by itself. */
export interface SignInCaller {
  send(request: ApiRequest): Promise<ApiResponse>;
  readonly log: ClientLog;
}

export interface SessionToken {
  readonly cookie: string;
  /** Counts the sign-ins, so that fifty callers that meet one 401 sign in once. */
  readonly serial: number;
}

export interface Session {
  /** The session of now, unless it is the expired one; undefined as well during a sign-in. */
  findToken(expired?: SessionToken): SessionToken | undefined;
  /** What `findToken` gives; signs in first when need be. @throws SignInRefusedError */
  getToken(caller: SignInCaller, expired?: SessionToken): Promise<SessionToken>;
  /** Ends this session for all callers; does nothing when there is a newer one. */
  expire(token: SessionToken): void;
}

/** One sign-in at a time, shared by all callers. Cookies live in this closure and nowhere else. */
export function createSession(ports: SessionPorts): Session {
  let current: SessionToken | undefined;
  let signingIn: Promise<SessionToken> | undefined;
  let serial = 0;
  let login: Login | undefined;

  async function signIn(caller: SignInCaller): Promise<SessionToken> {
    const known = login ?? (await ports.readLogin());
    const first = await tryLogin(caller, known);
    if (first !== undefined) return keep(known, first, caller.log);
    const fresh = await ports.readLogin();
    const second = fresh.versionId === known.versionId ? undefined : await tryLogin(caller, fresh);
    if (second !== undefined) return keep(fresh, second, caller.log);
    login = undefined;
    ports.reportRefusal(fresh.versionId);
    throw new SignInRefusedError(fresh.versionId);
  }

  /** The cookies of a session; undefined when this version of the secret is refused. */
  async function tryLogin(caller: SignInCaller, candidate: Login): Promise<string | undefined> {
    if ((await ports.findRefusal(candidate.versionId)) !== undefined) return undefined;
    for (let unclear = 0; unclear < MOST_UNCLEAR_SIGN_INS; unclear = await ports.countUnclearSignIn(candidate.versionId)) {
      const response = await caller.send(toSignIn(candidate));
      if (isRefusal(response)) break;
      const cookies = getCookies(response);
      if (cookies === undefined) continue;
      await ports.clearUnclearSignIns(candidate.versionId);
      return cookies;
    }
    await ports.rememberRefusal(candidate.versionId);
    return undefined;
  }

  function keep(accepted: Login, cookie: string, log: ClientLog): SessionToken {
    login = accepted;
    serial += 1;
    current = { cookie, serial };
    log.info(serial === 1 ? "signed in" : "session renewed", { versionId: accepted.versionId, sessions: serial });
    return current;
  }

  function findToken(expired?: SessionToken): SessionToken | undefined {
    return signingIn === undefined && current?.serial !== expired?.serial ? current : undefined;
  }

  return {
    findToken,
    async getToken(caller, expired) {
      const found = findToken(expired);
      if (found !== undefined) return found;
      signingIn ??= signIn(caller).finally(() => {
        signingIn = undefined;
      });
      return signingIn;
    },
    expire({ serial: expired }) {
      if (current?.serial === expired) current = undefined;
    },
  };
}

/** So many responses in a row that may have been refusals count as one. Few, because the API does not say how many lock an account. */
const MOST_UNCLEAR_SIGN_INS = 3;

/** In doubt the password was refused: only an address without a sign-in (404, 405) has certainly not looked at it. */
function isRefusal(response: ApiResponse): boolean {
  if (response.kind === "unauthenticated") return true;
  if (response.kind !== "rejected" && response.kind !== "server-error") return false;
  return response.status < 500 && response.status !== 404 && response.status !== 405;
}

/**
 * The cookies of a session. Undefined for what may be a refusal, or may come from something in front of Evo Voice: a
 * redirect, a page, a reply without a cookie, an error of the service. Throws when the password cannot have been looked at.
 */
function getCookies(response: ApiResponse): string | undefined {
  if (response.kind === "ok") return findCookieHeader(response.cookies);
  if (response.kind === "login-page" || response.kind === "server-error") return undefined;
  throw toFailure(SIGN_IN, response);
}

function toSignIn({ userName, password }: Login): ApiRequest {
  return {
    method: "POST",
    path: "auth/credentials",
    json: { provider: "credentials", userName, password, rememberMe: true },
  };
}

/** All cookies of a sign-in go back: `ss-opt` says which of `ss-id` and `ss-pid` counts. Of one name, the last cookie counts. */
function findCookieHeader(cookies: readonly string[]): string | undefined {
  const values = new Map<string, string>();
  for (const cookie of cookies) {
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(cookie) ?? [];
    if (name !== undefined && value) values.set(name, value);
  }
  if (values.size === 0) return undefined;
  return Array.from(values, ([name, value]) => `${name}=${value}`).join("; ");
}
