import ky, { type KyInstance } from "ky";
import { type Dispatcher, Pool } from "undici";
import { type Reply, send } from "./send.ts";

/** One request, ready to be made as often as needed. */
export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** Below the API's address, without a slash before it. */
  readonly path: string;
  readonly searchParams?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly cookie?: string;
  /** Reads a body of an answer; undefined when it is no JSON. @default all of it */
  readonly parse?: (text: string) => unknown;
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
  const http = ky.create({
    prefix: origin,
    headers: HEADERS,
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: async (input) => new ReadResponse(await send(pool, toDispatch(origin, input as Request), timeoutMs)),
  });
  return (request) => (request.method === "GET" ? read(http, request) : write(pool, request, timeoutMs));
}

async function read(http: KyInstance, { path, searchParams, cookie }: ApiRequest): Promise<Reply> {
  const response = await http.get(path, {
    ...(searchParams && { searchParams: { ...searchParams } }),
    ...(cookie !== undefined && { headers: { cookie } }),
  });
  const { status, headers } = response;
  const replied = { ...Object.fromEntries(headers), "set-cookie": headers.getSetCookie() };
  return { status, headers: replied, text: await response.text() };
}

function toDispatch(origin: string, { url, headers }: Request): Dispatcher.DispatchOptions {
  return { method: "GET", path: url.slice(origin.length), headers: Object.fromEntries(headers) };
}

/** A response whose body has come as a whole: as a stream, a page of customers would cost a third more. */
class ReadResponse extends Response {
  override readonly text: Response["text"];

  constructor(reply: Reply) {
    super(null, { status: reply.status, headers: toPairs(reply.headers) });
    this.text = async () => reply.text;
  }
}

function toPairs(headers: Reply["headers"]): [name: string, value: string][] {
  return Object.entries(headers).flatMap(([name, values = []]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

function write(pool: Pool, { path, json, cookie }: ApiRequest, timeoutMs: number): Promise<Reply> {
  const headers = { ...HEADERS, "content-type": "application/json", ...(cookie !== undefined && { cookie }) };
  return send(pool, { method: "POST", path: `/${path}`, headers, body: JSON.stringify(json) }, timeoutMs);
}
