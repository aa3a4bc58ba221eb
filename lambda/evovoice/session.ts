import { FinalError } from "../core/final-error.ts";
import type { Reason } from "../core/reasons.ts";
import { MOST_TRIES_IN_A_DAY, type SignInDenial, type SignInEnd, type SignInRuling } from "../core/sign-in.ts";
import { SIGN_IN, SignInRefusedError, toFailure, toNoAnswer } from "./errors.ts";
import { type ApiResponse, isUnseen } from "./response.ts";
import type { ClientLog } from "./sample-log.ts";
import { findCookieHeader } from "./session-cookies.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** The Evo Voice login, with the version of the secret that it was read from. */
export interface Login {
  readonly userName: string;
  readonly password: string;
  readonly versionId: string;
}

export interface SessionPorts {
  /** Reads the secret's current version, without a cache. */
  readLogin(): Promise<Login>;
  /** Records that a sign-in with this version begins, over all invocations; or says why none may begin. */
  beginSignIn(versionId: string): Promise<SignInRuling>;
  endSignIn(versionId: string, begunAtMs: number, end: SignInEnd): Promise<void>;
  /** Counts that Evo Voice refuses the secret's current login; not called for a login that was rotated out. */
  countRefusal(): void;
}

/** What the session needs of the part that signs in. Every call may throw an OutOfTimeError. */
export interface SignInCaller {
  /** Lends a slot for one request; undefined gives it back unused. */
  inTurn(use: (send: Transport) => Promise<ApiResponse | undefined>): Promise<ApiResponse | undefined>;
  wait(ms: number): Promise<void>;
  /** Waits the longer, the more tries there were. */
  backOff(tries: number): Promise<void>;
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
  /** As `findToken`, but signs in when there is no session. @throws FinalError when this login may not be tried again */
  getToken(caller: SignInCaller, expired?: SessionToken): Promise<SessionToken>;
  /** Ends this session for all callers; does nothing when a newer session exists. */
  expire(token: SessionToken): void;
}

/** So often the ledger is asked whether a login may be tried again: a person may have sent `try-login-again`. */
const LONGEST_WAIT_MS = 60_000;

/** One sign-in at a time, shared by all callers. Cookies exist only in this closure. */
export function createSession(ports: SessionPorts): Session {
  let current: SessionToken | undefined;
  let signingIn: Promise<SessionToken> | undefined;
  let serial = 0;

  /** Waits for a server in trouble as long as the part lasts. A login that is not tried again may have been rotated out. */
  async function signIn(caller: SignInCaller): Promise<SessionToken> {
    let candidate = await ports.readLogin();
    let trouble: Reason | undefined;
    for (let tries = 1; ; tries += 1) {
      const tried = await tryLogin(caller, candidate);
      switch (tried.kind) {
        case "accepted":
          return keep(candidate, tried.cookie, caller.log);
        case "trouble":
          trouble = tried.reason;
          caller.log.info("sign-in failed", { versionId: candidate.versionId, ...trouble });
          await caller.backOff(tries);
          break;
        case "too soon":
          await caller.wait(Math.min(tried.untilMs - Date.now(), LONGEST_WAIT_MS));
          break;
        case "refused":
        case "spent": {
          const fresh = await ports.readLogin();
          if (fresh.versionId === candidate.versionId) throw giveUp(candidate, tried, { trouble, log: caller.log });
          candidate = fresh;
        }
      }
    }
  }

  async function tryLogin(caller: SignInCaller, candidate: Login): Promise<Tried> {
    const { versionId } = candidate;
    let tried: Tried = { kind: "refused" };
    await caller.inTurn(async (send) => {
      const ruling = await ports.beginSignIn(versionId);
      if (ruling.kind !== "may begin") {
        tried = ruling;
        return undefined;
      }
      const response = await send(toSignIn(candidate));
      tried = judge(response);
      await ports.endSignIn(versionId, ruling.atMs, toEnd(tried, response));
      return response;
    });
    return tried;
  }

  function keep(accepted: Login, cookie: string, log: ClientLog): SessionToken {
    serial += 1;
    current = { cookie, serial };
    log.info(serial === 1 ? "signed in" : "session renewed", { versionId: accepted.versionId, sessions: serial });
    return current;
  }

  function giveUp(
    { versionId }: Login,
    tried: Extract<Tried, { kind: "refused" | "spent" }>,
    { trouble: why, log }: { readonly trouble: Reason | undefined; readonly log: ClientLog },
  ): FinalError {
    if (tried.kind === "spent") {
      const until = new Date(tried.untilMs).toISOString();
      return new FinalError({ code: "sign-in-unclear", versionId, tries: MOST_TRIES_IN_A_DAY, until, why });
    }
    log.info("sign-in refused", { versionId });
    ports.countRefusal();
    return new SignInRefusedError(versionId);
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

type Tried =
  | { readonly kind: "accepted"; readonly cookie: string }
  | { readonly kind: "trouble"; readonly reason: Reason }
  | SignInDenial;

/** Only a 401, and a 400 or 403 of the service itself, refuse the login. Everything else is a server in trouble. */
function judge(response: ApiResponse): Tried {
  const isOfService = response.kind === "rejected" && response.errorCode !== undefined;
  if (response.kind === "unauthenticated") return { kind: "refused" };
  if (isOfService && (response.status === 400 || response.status === 403)) return { kind: "refused" };
  if (response.kind !== "ok") return { kind: "trouble", reason: toFailure(SIGN_IN, response).reason };
  const cookie = findCookieHeader(response.cookies);
  if (cookie !== undefined) return { kind: "accepted", cookie };
  return { kind: "trouble", reason: toNoAnswer(SIGN_IN, "a reply without a session cookie").reason };
}

function toEnd({ kind }: Tried, response: ApiResponse): SignInEnd {
  if (kind === "accepted" || kind === "refused") return kind;
  return isUnseen(response) ? "unseen" : "unclear";
}

function toSignIn({ userName, password }: Login): ApiRequest {
  return {
    method: "POST",
    path: "auth/credentials",
    json: { provider: "credentials", userName, password, rememberMe: true },
  };
}
