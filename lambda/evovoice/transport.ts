import { Pool } from "undici";
import { type Reply, send } from "./send.ts";

/** One request, ready to be made as often as needed. */
export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** Below the API's address, without a slash before it. */
  readonly path: string;
  readonly searchParams?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly cookie?: string;
}

export interface TransportOptions {
  readonly baseUrl: string;
  /** How long one request may take, from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly connections: number;
}

/** Makes a request once, whatever comes of it. */
export type Transport = (request: ApiRequest) => Promise<Reply>;

/** Far above any page that is asked for; a reply that never ends must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;

const HEADERS = ["accept", "application/json", "user-agent", "evovoice-cutover/0.1"];

/**
 * Requests over one pool of undici's: keep-alive, no redirects (a 3xx means "not signed in"), no retry, because trying
 * again belongs to the one limiter and the one time budget of a rollout.
 */
export function createTransport({ baseUrl, timeoutMs, connections }: TransportOptions): Transport {
  const { origin } = new URL(baseUrl);
  const pool = new Pool(origin, { connections, maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
  return ({ method, path, searchParams, json, cookie }) => {
    const query = searchParams === undefined ? "" : `?${new URLSearchParams(searchParams)}`;
    const body = json === undefined ? null : JSON.stringify(json);
    const headers = [...HEADERS];
    if (body !== null) headers.push("content-type", "application/json");
    if (cookie !== undefined) headers.push("cookie", cookie);
    return send(pool, { method, path: `/${path}${query}`, headers, body }, timeoutMs);
  };
}
