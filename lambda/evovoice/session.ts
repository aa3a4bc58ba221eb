import { SIGN_IN, SignInRefusedError, toFailure } from "./errors.ts";
import type { Answer } from "./response.ts";
import type { Log } from "./sample-log.ts";
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
  /** When this version of the secret was refused before, by any invocation. */
  findRefusal(versionId: string): Promise<{ readonly at: string } | undefined>;
  rememberRefusal(versionId: string): Promise<void>;
  /** Counts the tries of this version in a row, over all invocations, that may have been refusals; gives the count. */
  countDoubt(versionId: string): Promise<number>;
  clearDoubts(versionId: string): Promise<void>;
  /** Tells whoever is on call that the login which the secret holds now is refused; not of an old one that was rotated. */
  reportRefusal(versionId: string): void;
}

/** Makes a request until it is answered or refused; never signs in by itself. */
type Ask = (request: ApiRequest) => Promise<Answer>;

/** Whose request it is that needs a session. */
export interface Caller {
  readonly signIn: Ask;
  readonly log: Log;
}

export interface SessionToken {
  readonly cookie: string;
  /** Counts sign-ins, so that fifty callers who meet one 401 sign in once. */
  readonly serial: number;
}

export interface Session {
  /** The session of now, unless it is the one that died; undefined as well while somebody signs in. */
  find(dead?: SessionToken): SessionToken | undefined;
  /** What `find` gives, once there is one: signs in when need be. @throws SignInRefusedError */
  token(caller: Caller, dead?: SessionToken): Promise<SessionToken>;
  /** This session is over; nothing when there is a newer one. */
  end(token: SessionToken): void;
}

/** One sign-in at a time, shared by all callers; cookies live in this closure and nowhere else. */
export function createSession(ports: SessionPorts): Session {
  let current: SessionToken | undefined;
  let signingIn: Promise<SessionToken> | undefined;
  let serial = 0;
  let login: Login | undefined;

  async function signIn({ signIn: ask, log }: Caller): Promise<SessionToken> {
    const known = login ?? (await ports.readLogin());
    const first = await tryLogin(ask, known);
    if (first !== undefined) return keep(known, first, log);
    const fresh = await ports.readLogin();
    const second = fresh.versionId === known.versionId ? undefined : await tryLogin(ask, fresh);
    if (second !== undefined) return keep(fresh, second, log);
    login = undefined;
    ports.reportRefusal(fresh.versionId);
    throw new SignInRefusedError(
      `Evo Voice refused the sign-in with version ${fresh.versionId} of the secret (a wrong user name or password, or a locked account); nobody is flipped from here on, and this version is not tried again, so that the account is not locked: unlock the account if need be, then put the user name and password into the secret again`,
    );
  }

  async function tryLogin(ask: Ask, candidate: Login): Promise<string | undefined> {
    if ((await ports.findRefusal(candidate.versionId)) !== undefined) return undefined;
    for (let doubts = 0; doubts < MOST_DOUBTS; doubts = await ports.countDoubt(candidate.versionId)) {
      const answer = await ask(toSignIn(candidate));
      if (isRefusal(answer)) break;
      const cookies = getCookies(answer);
      if (cookies === undefined) continue;
      await ports.clearDoubts(candidate.versionId);
      return cookies;
    }
    await ports.rememberRefusal(candidate.versionId);
    return undefined;
  }

  function keep(good: Login, cookie: string, log: Log): SessionToken {
    login = good;
    serial += 1;
    current = { cookie, serial };
    log.info(serial === 1 ? "signed in" : "session renewed", { versionId: good.versionId, sessions: serial });
    return current;
  }

  function find(dead?: SessionToken): SessionToken | undefined {
    return signingIn === undefined && current?.serial !== dead?.serial ? current : undefined;
  }

  return {
    find,
    end({ serial: ended }) {
      if (current?.serial === ended) current = undefined;
    },
    async token(caller, dead) {
      const found = find(dead);
      if (found !== undefined) return found;
      signingIn ??= signIn(caller).finally(() => {
        signingIn = undefined;
      });
      return signingIn;
    },
  };
}

/** So many answers that may have been refusals count as one: few, because nobody has said how many lock an account. */
const MOST_DOUBTS = 3;

/**
 * The cookies of a session. Undefined for what may be a refusal and may be something in front of Evo Voice: a redirect, a
 * page, a reply without a cookie, an error of the service's own. Throws for what nobody can have looked at.
 */
function getCookies(answer: Answer): string | undefined {
  if (answer.kind === "answered") return findCookieHeader(answer.cookies);
  if (answer.kind === "signed out" || (answer.kind === "refused" && answer.status >= 500)) return undefined;
  throw toFailure(SIGN_IN, answer);
}

/** In doubt the password was refused: only an address without a sign-in (404, 405) has surely not looked at it. */
function isRefusal(answer: Answer): boolean {
  if (answer.kind === "signed out") return answer.status === 401;
  return answer.kind === "refused" && answer.status < 500 && answer.status !== 404 && answer.status !== 405;
}

function toSignIn({ userName, password }: Login): ApiRequest {
  return {
    method: "POST",
    path: "auth/credentials",
    json: { provider: "credentials", userName, password, rememberMe: true },
  };
}

/** All cookies of a sign-in go back: `ss-opt` says which of `ss-id` and `ss-pid` counts. Of one name the last counts. */
function findCookieHeader(cookies: readonly string[]): string | undefined {
  const values = new Map<string, string>();
  for (const cookie of cookies) {
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(cookie) ?? [];
    if (name !== undefined && value) values.set(name, value);
  }
  if (values.size === 0) return undefined;
  return Array.from(values, ([name, value]) => `${name}=${value}`).join("; ");
}
