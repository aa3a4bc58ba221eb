import type { KyInstance } from "ky";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import { type Answer, type ApiRequest, attempt } from "./attempt.ts";
import { NoAnswerError, RequestRefusedError, type Subject } from "./errors.ts";
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

export interface Connection {
  /** One try, signed in; a session that died is renewed and does not count as a try. */
  tryOnce(request: ApiRequest, subject: Subject): Promise<Answer>;
  /**
   * Tries until there is an answer. For what may be repeated blindly: reads.
   * @throws RequestRefusedError, NoAnswerError, OutOfTimeError, SignInRefusedError
   */
  read(request: ApiRequest, subject: Subject): Promise<unknown>;
  /** Waits before the try after this many, longer each time. @throws OutOfTimeError when the part ends before */
  backOff(tries: number): Promise<void>;
}

/** How often in a row a fresh session may be met by a 401 before the user itself is in doubt. */
const MOST_SIGN_INS = 5;
const FIRST_BACKOFF_MS = 200;

export function createConnection({ http, session, limiter, retries, deadlineMs }: ConnectionParts): Connection {
  async function tryUnsigned(request: ApiRequest): Promise<Answer> {
    const release = await limiter.acquire();
    const startedMs = performance.now();
    const answer = await attempt(http, request);
    release(toFeedback(answer, performance.now() - startedMs));
    return answer;
  }

  async function tryOnce(request: ApiRequest, subject: Subject): Promise<Answer> {
    let dead: SessionToken | undefined;
    for (let signIns = 0; signIns < MOST_SIGN_INS; signIns += 1) {
      const token = await session.token(persist, dead);
      const answer = await tryUnsigned({ ...request, cookie: token.cookie });
      if (answer.kind !== "signed out") return answer;
      dead = token;
    }
    throw new RequestRefusedError(subject, 401, undefined);
  }

  /** Repeats what passes by itself; the server being busy is no failure, so a 429 never counts as a try. */
  async function repeat(once: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 0; ; ) {
      const answer = await once();
      if (!isPassing(answer)) return answer;
      if (!isThrottle(answer)) tries += 1;
      if (tries >= retries.attempts) return answer;
      await backOff(tries);
    }
  }

  /** For the sign-in, which has no session yet; a page in front of Evo Voice may pass too. */
  function persist(request: ApiRequest): Promise<Answer> {
    return repeat(async () => {
      const answer = await tryUnsigned(request);
      return answer.kind === "signed out" && answer.status !== 401
        ? { kind: "lost", cause: "a page instead of an answer" }
        : answer;
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
    async read(request, subject) {
      const answer = await repeat(() => tryOnce(request, subject));
      if (answer.kind === "answered") return answer.body;
      if (answer.kind === "refused") throw new RequestRefusedError(subject, answer.status, answer.errorCode);
      throw new NoAnswerError(subject, answer.kind === "lost" ? answer.cause : answer.kind);
    },
  };
}

/** Whether the same request may well be answered a little later. */
function isPassing(answer: Answer): boolean {
  return answer.kind === "lost" || answer.kind === "throttled" || (answer.kind === "refused" && answer.status >= 500);
}

export function isThrottle(answer: Answer): boolean {
  return answer.kind === "throttled" && answer.status === 429;
}

function toFeedback(answer: Answer, latencyMs: number): Feedback {
  if (answer.kind === "lost") return { kind: "lost" };
  if (answer.kind !== "throttled") return { kind: "answered", latencyMs };
  return { kind: "refused", ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }) };
}
