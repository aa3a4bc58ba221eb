import type { KyInstance } from "ky";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import { type Answer, type ApiRequest, attempt } from "./attempt.ts";
import { RequestRefusedError, type Subject, toFailure } from "./errors.ts";
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

/** What was asked for, found in a body; undefined when the body does not answer it. */
export type Understand<Value> = (body: unknown) => Value | undefined;

type SignedIn = Exclude<Answer, { kind: "signed out" }>;
type MayBegin = (() => Promise<void>) | undefined;

export interface Connection {
  /**
   * One try, signed in; a session that died is renewed and does not count as a try. `mayBegin` is awaited when the
   * request's turn has come, right before it is made; what it throws is thrown.
   */
  tryOnce(request: ApiRequest, subject: Subject, mayBegin?: MayBegin): Promise<SignedIn>;
  /**
   * Tries until there is an answer that is understood. For what may be repeated blindly: reads.
   * @throws RequestRefusedError, NoAnswerError, OutOfTimeError, SignInRefusedError
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

  async function tryUnsigned(request: ApiRequest, mayBegin?: MayBegin): Promise<Answer> {
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

  async function tryOnce(request: ApiRequest, subject: Subject, mayBegin?: MayBegin): Promise<SignedIn> {
    let dead: SessionToken | undefined;
    for (let deaths = 1; ; deaths += 1) {
      const token = await session.token(persist, dead);
      const answer = await tryUnsigned({ ...request, cookie: token.cookie }, mayBegin);
      if (answer.kind !== "signed out") {
        trust.note(token, answer);
        return answer;
      }
      if (deaths >= MOST_DEATHS || trust.isLost(token)) throw new RequestRefusedError(subject, answer.status);
      if (isPage(answer) && deaths > 1) await backOff(deaths);
      dead = token;
    }
  }

  /** Repeats what passes by itself; the server being busy is no failure, so a 429 never counts as a try. */
  async function repeat<Some extends Answer>(once: () => Promise<Some>): Promise<Some> {
    for (let tries = 0; ; ) {
      const answer = await once();
      if (!isPassing(answer)) return answer;
      if (!isThrottle(answer)) tries += 1;
      if (tries >= retries.attempts) return answer;
      await backOff(tries);
    }
  }

  /** For the sign-in, which has no session yet; a page in front of Evo Voice may pass too, and refuses nobody. */
  function persist(request: ApiRequest): Promise<Answer> {
    return repeat(async () => {
      const answer = await tryUnsigned(request);
      return isPage(answer) ? { kind: "lost", why: "a page or a redirect instead of an answer" } : answer;
    });
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
      let value: Value | undefined;
      const answer = await repeat(async () => {
        const given = await tryOnce(request, subject);
        value = given.kind === "answered" ? understand(given.body) : undefined;
        return given.kind === "answered" && value === undefined
          ? ({ kind: "lost", why: "an answer to another question" } as const)
          : given;
      });
      if (answer.kind === "answered") return value as Value;
      throw toFailure(subject, answer);
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

/** A redirect or a login page: something stands in front of Evo Voice, or its session is gone. */
function isPage(answer: Answer): boolean {
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
