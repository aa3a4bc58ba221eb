import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import { SIGN_IN, type Subject, toFailure, UnreadableReplyError } from "./errors.ts";
import type { Feedback, Limiter, ReleaseSlot } from "./rate/limiter.ts";
import { type Answer, attempt } from "./response.ts";
import { type Asker, countTry, decideNext, type Next, NO_TRIES, type Tally, whatCame } from "./retry.ts";
import type { Log } from "./sample-log.ts";
import type { Session, SessionToken } from "./session.ts";
import { createTrust } from "./session-breaker.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface RetryLimits {
  readonly attempts: number;
  readonly mostBackoffMs: number;
}

/** What all requests of one part share: the session, the limiter and the part's end. */
export interface ConnectionParts {
  readonly transport: Transport;
  readonly session: Session;
  readonly limiter: Limiter;
  readonly retries: RetryLimits;
  readonly log: Log;
  /** After this time (epoch milliseconds) no further try begins. */
  readonly deadlineMs: number;
}

/** What was asked for, found in a body; or what of the body does not answer it, without any value. */
export type Understand<Value> = (body: unknown) => { readonly value: Value } | { readonly misfit: string };

/** A request that is tried until it is done. */
export interface Errand {
  readonly request: ApiRequest;
  readonly subject: Subject;
  /** Awaited when the request's turn has come, right before it is made; what it throws is thrown. */
  readonly mayBegin?: (() => Promise<void>) | undefined;
  /** Awaited after each try: whether its answer, or what was seen afterwards, is enough. */
  isDone(answer: Answer, tried: Tried): boolean | Promise<boolean>;
}

export interface Tried extends Tally {
  /** Whether this was the last try, unless the errand is done. */
  readonly isLast: boolean;
}

export interface Connection {
  /**
   * Tries, signed in, until the errand is done or another try is of no use; gives the last answer.
   * @throws OutOfTimeError, SignInRefusedError
   */
  run(errand: Errand): Promise<Answer>;
  /**
   * Tries until there is an answer that is understood.
   * @throws RequestRefusedError, NoAnswerError, UnreadableReplyError, OutOfTimeError, SignInRefusedError
   */
  read<Value>(request: ApiRequest, subject: Subject, understand: Understand<Value>): Promise<Value>;
}

/** One try of a request: what came, and in which session. */
interface Try {
  readonly answer: Answer;
  readonly token?: SessionToken;
}

const FIRST_BACKOFF_MS = 200;

export function createConnection(parts: ConnectionParts): Connection {
  const { transport, session, limiter, retries, log, deadlineMs } = parts;
  const trust = createTrust();

  function run({ request, subject, mayBegin, isDone }: Errand): Promise<Answer> {
    return repeat("request", subject, (dead) => askSignedIn(request, mayBegin, dead), isDone);
  }

  /** The one loop in which everything is tried again; when, is decided by the table in `retry.ts`. */
  async function repeat(
    asker: Asker,
    subject: Subject,
    ask: (dead: SessionToken | undefined) => Promise<Try>,
    isDone?: Errand["isDone"],
  ): Promise<Answer> {
    let tally: Tally = NO_TRIES;
    let dead: SessionToken | undefined;
    for (;;) {
      const { answer, token } = await ask(dead);
      const came = whatCame(answer);
      tally = countTry(tally, came, asker);
      const next = decideNext(came, asker, tally, { attempts: retries.attempts, isVain: trust.isVain(answer, token) });
      if (await isDone?.(answer, { ...tally, isLast: next.again === "never" })) return answer;
      if (next.isExhausted) log.info("retries exhausted", { ...subject, ...tally, ...toLogFields(answer) });
      if (next.again === "never") return answer;
      if (next.again === "in a new session") dead = token;
      await backOff(next, tally);
    }
  }

  /**
   * The session is attached when the request's turn has come, not before: while it waited, another caller's request may
   * have shown that the session is over. Without one the turn is given back, because a sign-in needs a turn, too.
   */
  async function askSignedIn(request: ApiRequest, mayBegin: Errand["mayBegin"], dead?: SessionToken): Promise<Try> {
    for (;;) {
      await session.token({ signIn, log }, dead);
      const asked = await inTurn(async (report) => {
        if (session.find(dead) === undefined) return undefined;
        await mayBegin?.();
        const token = session.find(dead);
        if (token === undefined) return undefined;
        const answer = await ask({ ...request, cookie: token.cookie }, report);
        // Said before the turn is given back: whoever comes next shall not try the same session.
        if (whatCame(answer) === "signed out") session.end(token);
        return { token, answer };
      });
      if (asked !== undefined) return asked;
    }
  }

  /** For the session, which signs in; what may have been a refusal is the session's to judge. */
  function signIn(request: ApiRequest): Promise<Answer> {
    return repeat("sign-in", SIGN_IN, () => inTurn(async (report) => ({ answer: await ask(request, report) })));
  }

  async function inTurn<Result>(use: (report: ReleaseSlot) => Promise<Result>): Promise<Result> {
    const release = await limiter.acquire();
    let feedback: Feedback = { kind: "unused" };
    try {
      return await use((given) => {
        feedback = given;
      });
    } finally {
      release(feedback);
    }
  }

  async function ask(request: ApiRequest, report: ReleaseSlot): Promise<Answer> {
    const answer = await attempt(transport, request);
    report(toFeedback(answer));
    return answer;
  }

  async function backOff({ waits }: Next, { tries }: Tally): Promise<void> {
    if (!waits) return;
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** tries, retries.mostBackoffMs);
    const waitMs = longest * (0.5 + Math.random() / 2);
    if (Date.now() + waitMs > deadlineMs) throw new OutOfTimeError("the part's time ends before the next try");
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  return {
    run,
    async read<Value>(request: ApiRequest, subject: Subject, understand: Understand<Value>) {
      let found: ReturnType<Understand<Value>> | undefined;
      const isDone = (answer: Answer): boolean => {
        found = answer.kind === "answered" ? understand(answer.body) : undefined;
        return found !== undefined && "value" in found;
      };
      const answer = await run({ request, subject, isDone });
      if (found !== undefined && "value" in found) return found.value;
      if (found !== undefined) throw new UnreadableReplyError(subject, found.misfit);
      throw toFailure(subject, answer as Exclude<Answer, { kind: "answered" }>);
    },
  };
}

function toLogFields(answer: Answer) {
  const status = "status" in answer ? { status: answer.status } : {};
  return { came: whatCame(answer), ...status, ...(answer.kind === "lost" && { why: answer.why }) };
}

function toFeedback(answer: Answer): Feedback {
  if (answer.kind === "lost") return { kind: "lost" };
  if (answer.kind !== "throttled") return { kind: "answered" };
  return { kind: "throttled", ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }) };
}
