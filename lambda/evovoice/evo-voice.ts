import type { Flip } from "../rollout/flip.ts";
import type { PageRequest } from "../rollout/listing.ts";
import { createConnection, type RetryLimits } from "./connection.ts";
import { listCustomers, readCustomer, readPage, readTagIds } from "./customers.ts";
import { flipCustomer, type MayBegin } from "./flip.ts";
import { createLimiter, type LimiterOptions } from "./limiter.ts";
import { createSession, type SessionPorts } from "./session.ts";
import { createTransport } from "./transport.ts";

export interface EvoVoiceOptions {
  readonly baseUrl: string;
  readonly retries: RetryLimits & { readonly requestTimeoutMs: number };
  readonly concurrency: number;
  readonly session: SessionPorts;
}

/** The Evo Voice API: sockets and session last as long as the process, a connection as long as a part. */
export function createEvoVoice({ baseUrl, retries, concurrency, session: ports }: EvoVoiceOptions) {
  const http = createTransport({ baseUrl, timeoutMs: retries.requestTimeoutMs, connections: concurrency });
  const session = createSession(ports);

  return {
    connect({
      deadlineMs,
      ...limiting
    }: Pick<LimiterOptions, "limits" | "concurrency" | "pace"> & { readonly deadlineMs: number }) {
      const limiter = createLimiter(limiting);
      const closing = setTimeout(limiter.stop, deadlineMs - Date.now());
      const connection = createConnection({ http, session, limiter, retries, deadlineMs });
      return {
        readTagIds: (accountIds: readonly string[]) => readTagIds(connection, accountIds),
        readPage: (request: PageRequest) => readPage(connection, request),
        listCustomers: (ids: readonly string[]) => listCustomers(connection, ids),
        readCustomer: (id: string) => readCustomer(connection, id),
        flip: (flip: Flip, mayBegin?: MayBegin) => flipCustomer(connection, flip, mayBegin),
        pace: limiter.pace,
        close: () => {
          clearTimeout(closing);
          limiter.stop();
        },
      };
    },
  };
}
