import { setTimeout as sleep } from "node:timers/promises";
import { OutOfTimeError } from "../core/out-of-time-error.ts";
import { type ApiOperation, toFailure, toSessionRejected, toUnreadable } from "./errors.ts";
import type { Limiter, ReleaseSlot } from "./rate/limiter.ts";
import type { ApiResponse } from "./response.ts";
import { type Attempts, countAttempt, decideNext, NO_ATTEMPTS } from "./retry.ts";
import type { ClientLog } from "./sample-log.ts";
import type { Session, SessionToken, SignInCaller } from "./session.ts";
import { createSessionBreaker } from "./session-breaker.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface RetryLimits {
  readonly attempts: number;
  readonly mostBackoffMs: number;
}

/** What all requests of one part share: the session, the limiter and the deadline. */
export interface ApiClientOptions {
  readonly transport: Transport;
  readonly session: Session;
  readonly limiter: Limiter;
  readonly retries: RetryLimits;
  readonly log: ClientLog;
  /** After this time (epoch milliseconds) no further attempt begins. */
  readonly deadlineMs: number;
}

export interface NamedRequest extends ApiRequest {
  readonly operation: ApiOperation;
}

/** A request that is sent again until `isDone` is true. */
export interface RetriedRequest extends NamedRequest {
  /** Awaited right before each attempt, after the limiter let the attempt pass. `send` throws what it throws. */
  readonly beforeSend?: (() => Promise<void>) | undefined;
  /** Awaited after each attempt: whether no further attempt is needed. */
  isDone(response: ApiResponse, soFar: AttemptsSoFar): boolean | Promise<boolean>;
}

export interface AttemptsSoFar extends Attempts {
  /** Whether this attempt is the last, done or not. */
  readonly isLast: boolean;
}

/** Decodes a reply's body, or describes what does not fit. A mismatch never contains a value. */
export type Decode<Value> = (body: unknown) => { readonly value: Value } | { readonly mismatch: string };

export interface ApiClient {
  /**
   * Sends the request with a session until it is done or another attempt cannot help; returns the last response.
   * @throws OutOfTimeError, and a FinalError when no sign-in helps
   */
  send(request: RetriedRequest): Promise<ApiResponse>;
  /**
   * Sends the request until a response can be decoded.
   * @throws RequestFailedError, OutOfTimeError, and a FinalError when no sign-in helps
   */
  read<Value>(request: NamedRequest, decode: Decode<Value>): Promise<Value>;
}

/** Sends requests to Evo Voice with a session and at the limiter's pace. The table in `retry.ts` decides about repeats. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { transport, session, limiter, retries, log, deadlineMs } = options;
  const isRejected = createSessionBreaker();
  const signInCaller: SignInCaller = { inTurn: (use) => inTurn(() => use(transport)), wait, backOff, log };

  async function read<Value>(request: NamedRequest, decode: Decode<Value>): Promise<Value> {
    let decoded: ReturnType<Decode<Value>> | undefined;
    const isDone = (response: ApiResponse): boolean => {
      decoded = response.kind === "ok" ? decode(response.body) : undefined;
      return decoded !== undefined && "value" in decoded;
    };
    const response = await send({ ...request, isDone });
    if (decoded === undefined) throw toFailure(request.operation, response);
    if ("mismatch" in decoded) throw toUnreadable(request.operation, decoded.mismatch);
    return decoded.value;
  }

  async function send({ isDone, ...request }: RetriedRequest): Promise<ApiResponse> {
    let attempts = NO_ATTEMPTS;
    let expired: SessionToken | undefined;
    for (;;) {
      const { response, token } = await sendSignedIn(request, expired);
      attempts = countAttempt(attempts, response.kind);
      const next = decideNext(response.kind, attempts, retries.attempts);
      if (await isDone(response, { ...attempts, isLast: next.again === "never" })) return response;
      if (next.isExhausted)
        log.info("retries exhausted", { ...request.operation, ...attempts, ...toLogFields(response) });
      if (next.again === "never") return response;
      if (next.again === "in a new session") expired = token;
      await backOff(attempts.attempts, next.waits);
    }
  }

  /**
   * Attaches the session only after the limiter let the request pass: while it waited, another request may have shown
   * that the session has ended. Without a session the slot is given back, because the sign-in needs a slot too.
   */
  async function sendSignedIn(
    { operation, beforeSend, ...request }: Omit<RetriedRequest, "isDone">,
    expired: SessionToken | undefined,
  ): Promise<Attempt> {
    for (;;) {
      await session.getToken(signInCaller, expired);
      let token: SessionToken | undefined;
      const response = await inTurn(async () => {
        if (session.findToken(expired) === undefined) return undefined;
        await beforeSend?.();
        token = session.findToken(expired);
        if (token === undefined) return undefined;
        const received = await transport({ ...request, cookie: token.cookie });
        // Before the slot is given back, so that the next request does not use the ended session.
        if (received.kind === "unauthenticated") session.expire(token);
        return received;
      });
      if (response === undefined || token === undefined) continue;
      if (isRejected(request.method, token, response)) throw toSessionRejected(operation);
      return { response, token };
    }
  }

  /** Waits for a slot and reports the response to the limiter; undefined means that no request was sent. */
  async function inTurn<Result extends ApiResponse | undefined>(use: () => Promise<Result>): Promise<Result> {
    const release = await limiter.acquire();
    let response: Result | undefined;
    try {
      response = await use();
      return response;
    } finally {
      release(toFeedback(response));
    }
  }

  async function backOff(attempts: number, waits = true): Promise<void> {
    if (!waits) return;
    const longestMs = Math.min(FIRST_BACKOFF_MS * 2 ** attempts, retries.mostBackoffMs);
    const waitMs = longestMs * (0.5 + Math.random() / 2);
    if (Date.now() + waitMs > deadlineMs) throw new OutOfTimeError("the part's time ends before the next attempt");
    await sleep(waitMs);
  }

  /** A slot that is given back unused shows soon when the part has ended. */
  async function wait(ms: number): Promise<void> {
    const untilMs = Date.now() + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = untilMs - Date.now()) {
      await sleep(Math.min(leftMs, 200));
      await inTurn(async () => undefined);
    }
  }

  return { send, read };
}

const FIRST_BACKOFF_MS = 200;

interface Attempt {
  readonly response: ApiResponse;
  readonly token: SessionToken;
}

function toFeedback(response: ApiResponse | undefined): Parameters<ReleaseSlot>[0] {
  switch (response?.kind) {
    case undefined:
      return { kind: "unused" };
    case "lost":
      return { kind: "lost" };
    case "throttled":
    case "unavailable":
      return { kind: "throttled", ...(response.retryAfterMs !== undefined && { retryAfterMs: response.retryAfterMs }) };
    default:
      return { kind: "answered" };
  }
}

function toLogFields(response: ApiResponse) {
  const status = "status" in response ? { status: response.status } : {};
  return { response: response.kind, ...status, ...(response.kind === "lost" && { why: response.why }) };
}
