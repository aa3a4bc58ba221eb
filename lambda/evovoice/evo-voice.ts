import type { Flip } from "../core/flip/flip-result.ts";
import type { PageRequest } from "../core/lookup/customer-query.ts";
import { createApiClient, type RetryLimits } from "./api-client.ts";
import { listCustomers, readCustomer, readPage, readTagIds } from "./customers.ts";
import { type BeforeSend, flipCustomer } from "./flip.ts";
import { createLimiter, type LimiterOptions } from "./rate/limiter.ts";
import { type ClientLog, SILENT_LOG, sampleLog } from "./sample-log.ts";
import { createSession, type SessionPorts } from "./session.ts";
import { createTransport } from "./transport.ts";

export interface EvoVoiceOptions {
  readonly baseUrl: string;
  readonly retries: RetryLimits & { readonly requestTimeoutMs: number };
  readonly session: SessionPorts;
}

interface ClientOptions extends Pick<LimiterOptions, "limits" | "concurrency" | "pace"> {
  readonly deadlineMs: number;
  /** @default no log */
  readonly log?: ClientLog;
}

/** The Evo Voice API. The connection pool and the session live as long as the process, a client as long as a part. */
export function createEvoVoice({ baseUrl, retries, session: ports }: EvoVoiceOptions) {
  const transport = createTransport({ baseUrl, timeoutMs: retries.requestTimeoutMs });
  const session = createSession(ports);

  return {
    connect({ deadlineMs, log: given = SILENT_LOG, ...limiting }: ClientOptions) {
      const log = sampleLog(given);
      const limiter = createLimiter({ ...limiting, mostBackoffMs: retries.mostBackoffMs, log });
      const closing = setTimeout(limiter.stop, deadlineMs - Date.now());
      const client = createApiClient({ transport, session, limiter, retries, log, deadlineMs });
      return {
        readTagIds: (accountIds: readonly string[]) => readTagIds(client, accountIds),
        readPage: (request: PageRequest) => readPage(client, request),
        listCustomers: (ids: readonly string[]) => listCustomers(client, ids),
        readCustomer: (id: string) => readCustomer(client, id),
        flip: (flip: Flip, beforeSend?: BeforeSend) => flipCustomer(client, flip, beforeSend),
        pace: limiter.pace,
        close: () => {
          clearTimeout(closing);
          limiter.stop();
        },
      };
    },
  };
}
