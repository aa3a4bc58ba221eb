import ky, { type KyInstance, type Options } from "ky";
import { Pool } from "undici";
import { type Reply, send } from "./send.ts";

export interface TransportOptions {
  readonly baseUrl: string;
  /** How long one request may take, from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly connections: number;
}

/**
 * ky hands options that it does not know to `fetch`: so body and cookie pass as the texts that they are. No stream is
 * made of the body and read again, and no headers are merged, copied and read out: it cost more than the rest.
 */
export interface SentOptions extends Options {
  readonly sent?: Sent;
}

interface Sent {
  /** JSON. */
  readonly body?: string | undefined;
  readonly cookie?: string | undefined;
}

/** Far above any page that is asked for; a reply that never ends must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;

const HEADERS = ["accept", "application/json", "user-agent", "evovoice-cutover/0.1"];

/**
 * ky over one pool of undici's: keep-alive, no redirects (a 3xx means "not signed in"), no retry and no timeout of
 * ky's own, because both belong to the one limiter and the one time budget of a rollout.
 */
export function createTransport({ baseUrl, timeoutMs, connections }: TransportOptions): KyInstance {
  const { origin } = new URL(baseUrl);
  const pool = new Pool(origin, { connections, maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
  return ky.create({
    prefix: origin,
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: async (input, options) => {
      const { url, method } = input as Request;
      const { sent = {} }: SentOptions = options ?? {};
      const path = url.slice(origin.length);
      const request = { path, method: method as "GET" | "POST", headers: toHeaders(sent), body: sent.body ?? null };
      return new ReadResponse(await send(pool, request, timeoutMs)) as unknown as Response;
    },
  });
}

function toHeaders({ body, cookie }: Sent): string[] {
  const headers = [...HEADERS];
  if (body !== undefined) headers.push("content-type", "application/json");
  if (cookie !== undefined) headers.push("cookie", cookie);
  return headers;
}

/**
 * A reply as the little of a response that is read of it, here and in ky, which takes for a response what says that it
 * is one. A real one would copy the headers and wait for a stream to give back the text that is there.
 */
class ReadResponse implements Pick<Response, "status" | "ok" | "type" | "text"> {
  readonly type = "default";
  readonly status: number;
  readonly headers: Pick<Headers, "get" | "getSetCookie">;
  readonly #text: string;

  constructor({ status, headers, text }: Reply) {
    this.status = status;
    this.#text = text;
    this.headers = {
      get: (name) => [headers[name] ?? []].flat().join(", ") || null,
      getSetCookie: () => [headers["set-cookie"] ?? []].flat(),
    };
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  async text(): Promise<string> {
    return this.#text;
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }
}
