import type { Flip } from "../rollout/flip.ts";
import type { PageRequest } from "../rollout/listing.ts";
import { createConnection, type RetryLimits } from "./api-client.ts";
import { listCustomers, readCustomer, readPage, readTagIds } from "./customers.ts";
import { listDescendants } from "./descendants.ts";
import { flipCustomer, type MayBegin } from "./flip.ts";
import { createLimiter, type LimiterOptions } from "./rate/limiter.ts";
import { boundLog, type Log, SILENT_LOG } from "./sample-log.ts";
import { createSession, type SessionPorts } from "./session.ts";
import { createTransport } from "./transport.ts";

export interface EvoVoiceOptions {
  readonly baseUrl: string;
  readonly retries: RetryLimits & { readonly requestTimeoutMs: number };
  readonly session: SessionPorts;
}

export interface ConnectOptions extends Pick<LimiterOptions, "limits" | "concurrency" | "pace"> {
  readonly deadlineMs: number;
  /** @default nobody hears */
  readonly log?: Log;
}

/** The Evo Voice API: sockets and session last as long as the process, a connection as long as a part. */
export function createEvoVoice({ baseUrl, retries, session: ports }: EvoVoiceOptions) {
  const transport = createTransport({ baseUrl, timeoutMs: retries.requestTimeoutMs });
  const session = createSession(ports);

  return {
    connect({ deadlineMs, log: given = SILENT_LOG, ...limiting }: ConnectOptions) {
      const log = boundLog(given);
      const limiter = createLimiter({ ...limiting, log });
      const closing = setTimeout(limiter.stop, deadlineMs - Date.now());
      const connection = createConnection({ transport, session, limiter, retries, log, deadlineMs });
      return {
        readTagIds: (accountIds: readonly string[]) => readTagIds(connection, accountIds),
        readPage: (request: PageRequest) => readPage(connection, request),
        listCustomers: (ids: readonly string[]) => listCustomers(connection, ids),
        readCustomer: (id: string) => readCustomer(connection, id),
        listDescendants: (ids: readonly string[]) => listDescendants(connection, ids),
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
