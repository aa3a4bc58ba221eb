import type { KyInstance } from "ky";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import { type Answer, type ApiRequest, attempt } from "./attempt.ts";
import { type Subject, toFailure, UnreadableReplyError } from "./errors.ts";
import type { Feedback, Limiter } from "./limiter.ts";
import type { Session, SessionToken } from "./session.ts";

export interface RetryLimits {
  readonly attempts: number;
  readonly mostBackoffMs: number;
}

/** What all requests of one part share: the session, the limiter and the part's end. */
export interface ConnectionParts {
  readonly http: KyInstance;
  readonly session: Session;
  readonly limiter: Limiter;
  readonly retries: RetryLimits;
  /** After this time (epoch milliseconds) no further try begins. */
  readonly deadlineMs: number;
}

/** What was asked for, found in a body; or what of the body does not answer it, without any value. */
export type Understand<Value> = (body: unknown) => { readonly value: Value } | { readonly misfit: string };

/** What a caller has to say while its request is tried. */
export interface Attendance {
  /** Awaited when the request's turn has come, right before it is made; what it throws is thrown. */
  readonly mayBegin?: (() => Promise<void>) | undefined;
  /** Awaited after each request that was answered as signed out; true ends the try with that answer. */
  readonly isSettled?: (answer: Answer) => Promise<boolean>;
}

export interface Connection {
  /**
   * One try, signed in; a session that died is renewed and does not count as a try. The answer is "signed out" when
   * no session is let in, or when the caller says that it is settled.
   */
  tryOnce(request: ApiRequest, attendance?: Attendance): Promise<Answer>;
  /**
   * Tries until there is an answer that is understood. For what may be repeated blindly: reads.
   * @throws RequestRefusedError, NoAnswerError, UnreadableReplyError, OutOfTimeError, SignInRefusedError
   */
  read<Value>(request: ApiRequest, subject: Subject, understand: Understand<Value>): Promise<Value>;
  /** Waits before the try after this many, longer each time. @throws OutOfTimeError when the part ends before */
  backOff(tries: number): Promise<void>;
}

/** So many sessions in a row that let nobody in put the user itself in doubt. */
const MOST_VAIN_SESSIONS = 5;
/** A session may die of other callers' requests before this one's turn comes, but not for ever. */
const MOST_DEATHS = 50;
const FIRST_BACKOFF_MS = 200;

export function createConnection({ http, session, limiter, retries, deadlineMs }: ConnectionParts): Connection {
  const trust = createTrust();

  async function tryUnsigned(request: ApiRequest, mayBegin?: Attendance["mayBegin"]): Promise<Answer> {
    const release = await limiter.acquire();
    let feedback: Feedback = { kind: "lost" };
    try {
      await mayBegin?.();
      const startedMs = performance.now();
      const answer = await attempt(http, request);
      feedback = toFeedback(answer, performance.now() - startedMs);
      return answer;
    } finally {
      release(feedback);
    }
  }

  async function tryOnce(request: ApiRequest, { mayBegin, isSettled }: Attendance = {}): Promise<Answer> {
    let dead: SessionToken | undefined;
    for (let deaths = 1; ; deaths += 1) {
      const token = await session.token(persist, dead);
      const answer = await tryUnsigned({ ...request, cookie: token.cookie }, mayBegin);
      if (answer.kind !== "signed out") {
        trust.note(token, answer);
        return answer;
      }
      if ((await isSettled?.(answer)) || deaths >= MOST_DEATHS || trust.isLost(token)) return answer;
      if (isPage(answer) && deaths > 1) await backOff(deaths);
      dead = token;
    }
  }

  /** Repeats what passes by itself; the server being busy is no failure, so a 429 never counts as a try. */
  async function repeat<Some extends Answer>(
    once: () => Promise<Some>,
    mayPass: (answer: Answer) => boolean = isPassing,
  ): Promise<Some> {
    for (let tries = 0; ; ) {
      const answer = await once();
      if (!mayPass(answer)) return answer;
      if (!isThrottle(answer)) tries += 1;
      if (tries >= retries.attempts) return answer;
      await backOff(tries);
    }
  }

  /** For the sign-in, which has no session yet. What may have been a refusal is not repeated here: tries are counted. */
  function persist(request: ApiRequest): Promise<Answer> {
    return repeat(() => tryUnsigned(request), isUnheard);
  }

  async function backOff(tries: number): Promise<void> {
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** tries, retries.mostBackoffMs);
    const waitMs = longest * (0.5 + Math.random() / 2);
    if (Date.now() + waitMs > deadlineMs) throw new OutOfTimeError("the part's time ends before the next try");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  return {
    tryOnce,
    backOff,
    async read<Value>(request: ApiRequest, subject: Subject, understand: Understand<Value>) {
      let found: ReturnType<Understand<Value>> | undefined;
      const answer = await repeat(async () => {
        const given = await tryOnce(request);
        found = given.kind === "answered" ? understand(given.body) : undefined;
        return found !== undefined && "misfit" in found ? ({ kind: "lost", why: found.misfit } as const) : given;
      });
      if (found !== undefined && "value" in found) return found.value;
      if (found !== undefined) throw new UnreadableReplyError(subject, found.misfit);
      throw toFailure(subject, answer as Exclude<Answer, { kind: "answered" }>);
    },
  };
}

/** Whether sessions still let anybody in. */
function createTrust() {
  /** The newest session that did. */
  let proven: number | undefined;
  return {
    note({ serial }: SessionToken, { kind }: Answer): void {
      if (kind === "answered" || kind === "refused") proven = Math.max(proven ?? 0, serial);
    },
    /** Each time that it is lost, one session more may be tried: whatever stood in the way may have gone. */
    isLost({ serial }: SessionToken): boolean {
      proven ??= serial - 1;
      if (serial - proven < MOST_VAIN_SESSIONS) return false;
      proven += 1;
      return true;
    },
  };
}

/** Whether the same request may well be answered a little later. */
function isPassing(answer: Answer): boolean {
  return answer.kind === "lost" || answer.kind === "throttled" || (answer.kind === "refused" && answer.status >= 500);
}

/** Whether surely nobody looked at what was sent, or nothing came back at all. */
function isUnheard(answer: Answer): boolean {
  return answer.kind === "lost" || answer.kind === "throttled";
}

/** A redirect or a login page: something stands in front of Evo Voice, or its session is gone. */
export function isPage(answer: Answer): boolean {
  return answer.kind === "signed out" && answer.status !== 401;
}

export function isThrottle(answer: Answer): boolean {
  return answer.kind === "throttled" && answer.status === 429;
}

function toFeedback(answer: Answer, latencyMs: number): Feedback {
  if (answer.kind === "lost") return { kind: "lost" };
  if (answer.kind !== "throttled") return { kind: "answered", latencyMs };
  return { kind: "refused", ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }) };
}
