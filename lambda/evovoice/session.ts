import { SIGN_IN, SignInRefusedError, toFailure } from "./errors.ts";
import type { ApiResponse } from "./response.ts";
import type { ClientLog } from "./sample-log.ts";
import type { ApiRequest } from "./transport.ts";

/** The Evo Voice login, with the version of the secret that it was read from. */
export interface Login {
  readonly userName: string;
  readonly password: string;
  readonly versionId: string;
}

export interface SessionPorts {
  /** Reads the secret's current version, without a cache. */
  readLogin(): Promise<Login>;
  /** When any invocation learned that Evo Voice refuses this version of the secret. */
  findRefusal(versionId: string): Promise<{ readonly at: string } | undefined>;
  rememberRefusal(versionId: string): Promise<void>;
  /** Counts sign-ins in a row, over all invocations, whose response may have been a refusal; returns the count. */
  countUnclearSignIn(versionId: string): Promise<number>;
  clearUnclearSignIns(versionId: string): Promise<void>;
  /** Reports that Evo Voice refuses the secret's current login; not called for a login that was rotated out. */
  reportRefusal(versionId: string): void;
}

/** Sends a sign-in request. `send` must not sign in by itself. */
export interface SignInCaller {
  send(request: ApiRequest): Promise<ApiResponse>;
  readonly log: ClientLog;
}

export interface SessionToken {
  readonly cookie: string;
  /** Counts the sign-ins, so that fifty requests that get one 401 each cause one sign-in. */
  readonly serial: number;
}

export interface Session {
  /** The current session; undefined during a sign-in, and when the current session is the expired one. */
  findToken(expired?: SessionToken): SessionToken | undefined;
  /** As `findToken`, but signs in when there is no session. @throws SignInRefusedError */
  getToken(caller: SignInCaller, expired?: SessionToken): Promise<SessionToken>;
  /** Ends this session for all callers; does nothing when a newer session exists. */
  expire(token: SessionToken): void;
}

/** One sign-in at a time, shared by all callers. Cookies exist only in this closure. */
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

  /** The cookies of a new session; undefined when Evo Voice refuses this version of the secret. */
  async function tryLogin(caller: SignInCaller, candidate: Login): Promise<string | undefined> {
    if ((await ports.findRefusal(candidate.versionId)) !== undefined) return undefined;
    for (
      let unclear = 0;
      unclear < MOST_UNCLEAR_SIGN_INS;
      unclear = await ports.countUnclearSignIn(candidate.versionId)
    ) {
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

/** So many unclear responses in a row count as a refusal. Few, because the API does not say how many refusals lock an account. */
const MOST_UNCLEAR_SIGN_INS = 3;

/** Every 4xx counts as a refusal, except 404 and 405: they show that the server did not check the password. */
function isRefusal(response: ApiResponse): boolean {
  if (response.kind === "unauthenticated") return true;
  if (response.kind !== "rejected" && response.kind !== "server-error") return false;
  return response.status < 500 && response.status !== 404 && response.status !== 405;
}

/**
 * The cookies of a session. Undefined when the response is unclear: it may be a refusal, or come from a proxy (a redirect,
 * a page, a reply without a cookie, an error of the service). Throws when the server cannot have checked the password.
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

/** Later requests send all cookies: `ss-opt` says which of `ss-id` and `ss-pid` counts. The last cookie of a name counts. */
function findCookieHeader(cookies: readonly string[]): string | undefined {
  const values = new Map<string, string>();
  for (const cookie of cookies) {
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(cookie) ?? [];
    if (name !== undefined && value) values.set(name, value);
  }
  if (values.size === 0) return undefined;
  return Array.from(values, ([name, value]) => `${name}=${value}`).join("; ");
}
