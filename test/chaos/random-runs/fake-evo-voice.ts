import type { Flip, FlipResult, Reading } from "../../../lambda/core/flip/flip-result.ts";
import { startPace } from "../../../lambda/core/flip/pace.ts";
import type { CustomerPage, CustomerQuery } from "../../../lambda/core/lookup/customer-query.ts";
import type { CustomerFacts } from "../../../lambda/core/lookup/selection.ts";
import { OutOfTimeError } from "../../../lambda/core/out-of-time-error.ts";
import type { Connection, ConnectOptions } from "../../../lambda/steps/ports.ts";
import type { Call } from "./memory-table.ts";
import type { Clock } from "./processes.ts";

/**
 * What becomes of the next request to flip a customer. `unheard`, of every request: it is done, its answer is lost, and the
 * customer cannot be read.
 */
export type Mishap = "refused" | "lost" | "unheard";

export interface EvoVoiceState {
  readonly customers: Map<string, CustomerFacts & { isStaging: boolean }>;
  readonly mishaps: Map<string, Mishap>;
}

export interface Asker {
  readonly clock: Clock;
  readonly call: Call;
  /** Customers were read. */
  read(ids: readonly string[]): void;
  /** A request arrives that was begun then. */
  write(flip: Flip, begunMs: number): void;
}

export const REQUEST_TIMEOUT_MS = 10_000;
const TRIES = 2;
const LIMITS = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 10 };

/** A connection as the workflow knows it: it tries again, reads afterwards, and believes nothing else. */
export function connect(
  state: EvoVoiceState,
  { clock, call, read, write }: Asker,
  { deadlineMs, pace }: ConnectOptions,
): Connection {
  let isClosed = false;

  function ask<Answer>(what: string, answer: () => Answer): Promise<Answer> {
    if (isClosed || clock.nowMs > deadlineMs) throw new OutOfTimeError("the part's time is over");
    return call(what, answer);
  }

  const readings = async (ids: readonly string[]) =>
    ask(`list ${ids.join(", ")}`, () => {
      read(ids);
      return ids.flatMap((id) => snapshot(state, id) ?? []);
    });

  async function readCustomer(id: string): Promise<Reading> {
    const customer = await ask(`read ${id}`, () => {
      read([id]);
      return snapshot(state, id);
    });
    return customer === undefined ? { reading: "missing" } : { reading: "found", customer };
  }

  /** Whether it was answered; a request that is under way for too long never arrives. */
  async function post(flip: Flip): Promise<Mishap | "answered"> {
    const begunMs = clock.nowMs;
    return ask(`flip ${flip.customerId}`, () => {
      if (clock.nowMs - begunMs > REQUEST_TIMEOUT_MS) return "lost";
      const mishap = state.mishaps.get(flip.customerId);
      if (mishap !== "unheard") state.mishaps.delete(flip.customerId);
      if (mishap === undefined || mishap === "unheard") write(flip, begunMs);
      return mishap ?? "answered";
    });
  }

  async function flip(asked: Flip, beforeSend: (mayBeDone: boolean) => Promise<void>): Promise<FlipResult> {
    let begun = false;
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        await ask("turn", () => undefined);
        if (isClosed) throw new OutOfTimeError("the part was ended");
        await beforeSend(begun);
        const came = await post(asked).catch(() => "unheard" as const);
        if (came === "answered") return { result: "flipped", reason: { code: "confirmed-by-reply" } };
        if (came === "refused")
          return { result: "failed", reason: { code: "request-refused", operation: "flip", status: 400 } };
        begun = true;
        if (came === "unheard") continue;
        const seen = await readCustomer(asked.customerId);
        if (seen.reading === "found" && seen.customer.isStaging === asked.isStaging)
          return { result: "flipped", reason: { code: "confirmed-by-reading", after: "no answer" } };
      } catch (error) {
        if (begun) return { result: "unresolved" };
        if (error instanceof OutOfTimeError) return { result: "not begun" };
        throw error;
      }
    }
    const why = { code: "no-answer", operation: "flip", why: "ETIMEDOUT" } as const;
    return { result: "failed", reason: { code: "may-be-flipped", why } };
  }

  return {
    readTagIds: async () => new Map(),
    readPage: ({ query, page }) => ask(`page ${page}`, () => toPage(state, query, page)),
    listCustomers: readings,
    readCustomer,
    flip,
    pace: () => pace ?? startPace(LIMITS),
    close: () => {
      isClosed = true;
    },
  };
}

function snapshot({ customers }: EvoVoiceState, id: string): CustomerFacts | undefined {
  const customer = customers.get(id);
  return customer && { ...customer };
}

function toPage({ customers }: EvoVoiceState, query: CustomerQuery, page: number): CustomerPage {
  const all = [...customers.values()].filter(({ id, accountId }) =>
    query.kind === "ids" ? query.customerIds.includes(id) : query.accountIds.includes(accountId),
  );
  return { customers: page === 0 ? all.map((one) => ({ ...one })) : [], total: all.length, totalPages: 1 };
}
