import ky, { type KyInstance } from "ky";
import { Agent } from "undici";

export interface TransportOptions {
  readonly baseUrl: string;
  /** How long one request may take, from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly connections: number;
}

/** Far above any page that is asked for; a reply that never ends must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;
const NO_BODY = new Set([204, 205, 304]);

/**
 * ky over undici's request and one agent: keep-alive, no redirects (a 3xx means "not signed in"), no retry and no
 * timeout of ky's own, because both belong to the one limiter and the one time budget of a rollout.
 */
export function createTransport({ baseUrl, timeoutMs, connections }: TransportOptions): KyInstance {
  const agent = new Agent({ connections, maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
  return ky.create({
    baseUrl,
    headers: { accept: "application/json", "user-agent": "evovoice-cutover/0.1" },
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: async (input) => {
      const request = input as Request;
      const url = new URL(request.url);
      const reply = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method as "GET" | "POST",
        headers: Object.fromEntries(request.headers),
        body: request.body === null ? null : await request.text(),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await reply.body.text();
      return new Response(NO_BODY.has(reply.statusCode) ? null : text, {
        status: reply.statusCode,
        headers: toHeaders(reply.headers),
      });
    },
  });
}

function toHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) result.append(name, one);
  }
  return result;
}
