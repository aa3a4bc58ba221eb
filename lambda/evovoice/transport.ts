import ky, { type KyInstance } from "ky";
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

/** Nothing is unpacked: what a reply may be at most is counted as it comes. */
const HEADERS = { accept: "application/json", "accept-encoding": "identity", "user-agent": "evovoice-cutover/0.1" };

/**
 * Requests over one pool of undici's: keep-alive, no redirects (a 3xx means "not signed in"), no retry, because trying
 * again belongs to the one limiter and the one time budget of a rollout. What is read, ky asks for. What is written goes
 * to the pool itself: it is a request for each customer, and what ky makes for each one costs as much as all the rest.
 */
export function createTransport({ baseUrl, timeoutMs, connections }: TransportOptions): Transport {
  const { origin } = new URL(baseUrl);
  const pool = new Pool(origin, { connections, maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
  // Node's fetch takes a pool of undici's as a package; only the types of the two differ.
  const viaPool: object = { dispatcher: pool };
  const http = ky.create({
    prefix: origin,
    headers: HEADERS,
    redirect: "manual",
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: (input, init) => fetch(input, { ...init, ...viaPool }),
  });
  return (request) => (request.method === "GET" ? read(http, request, timeoutMs) : write(pool, request, timeoutMs));
}

/** The signal ends a reply's body too, which ky's own timeout does not. */
async function read(http: KyInstance, { path, searchParams, cookie }: ApiRequest, timeoutMs: number): Promise<Reply> {
  const response = await http.get(path, {
    signal: AbortSignal.timeout(timeoutMs),
    ...(searchParams && { searchParams: { ...searchParams } }),
    ...(cookie !== undefined && { headers: { cookie } }),
  });
  const { status, headers } = response;
  const replied = { ...Object.fromEntries(headers), "set-cookie": headers.getSetCookie() };
  return { status, headers: replied, text: await response.text() };
}

function write(pool: Pool, { path, json, cookie }: ApiRequest, timeoutMs: number): Promise<Reply> {
  const headers = { ...HEADERS, "content-type": "application/json", ...(cookie !== undefined && { cookie }) };
  return send(pool, { method: "POST", path: `/${path}`, headers, body: JSON.stringify(json) }, timeoutMs);
}
