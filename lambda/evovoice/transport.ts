import ky, { type Options } from "ky";
import { Agent, request } from "undici";
import { type ApiResponse, classify, toLost } from "./response.ts";

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
  /** How long one request may take, from its start to the last byte of its reply. */
  readonly timeoutMs: number;
  /** @default Date.now */
  readonly nowMs?: () => number;
}

/** Makes a request once. It never throws for what a server or a network can do. */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>;

/** Replies are not compressed, so that the limit of a reply's size counts the bytes that stand in memory. */
const HEADERS = { accept: "application/json", "accept-encoding": "identity", "user-agent": "evovoice-cutover/0.1" };

/**
 * Makes every request to Evo Voice: ky over one pool of undici. It follows no redirect, because a 3xx means "not signed
 * in". It retries nothing, because each attempt has to pass the rollout's limiter.
 */
export function createTransport(options: TransportOptions): Transport {
  const fetchOverPool = createFetch(options);
  const http = ky.create({
    prefix: new URL(options.baseUrl).origin,
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: (input, init) => fetchOverPool(input as Request, init as Payload),
  });
  return async ({ method, path, searchParams, json, cookie }) => {
    const kyOptions: Options & Payload = {
      method,
      headers: { ...HEADERS, ...(json !== undefined && JSON_TYPE), ...(cookie !== undefined && { cookie }) },
      ...(searchParams && { searchParams: { ...searchParams } }),
      ...(json !== undefined && { payload: JSON.stringify(json) }),
    };
    try {
      const response = await http(path, kyOptions);
      return classify(response, await response.text());
    } catch (error) {
      return toLost(error);
    }
  };
}

const JSON_TYPE = { "content-type": "application/json" };

/**
 * The body of a request. ky hands an option that it does not know on to `fetch`. A body given as ky's own `json` becomes a
 * stream, which takes a tenth of the CPU time of a flip.
 */
interface Payload {
  readonly payload?: string;
}

/** A Lambda freeze kills all sockets, and undici's own idle timer stands still meanwhile: only the clock shows it. */
const LONGEST_IDLE_MS = 2_000;

/** The `fetch` that ky uses. */
function createFetch({ timeoutMs, nowMs = Date.now }: TransportOptions) {
  let pool = openPool();
  let usedAtMs = nowMs();
  return async ({ url, method, headers }: Request, { payload }: Payload): Promise<Response> => {
    if (nowMs() - usedAtMs > LONGEST_IDLE_MS) {
      void pool.close();
      pool = openPool();
    }
    usedAtMs = nowMs();
    const reply = await request(url, {
      method: method as ApiRequest["method"],
      headers: Object.fromEntries(headers),
      body: payload ?? null,
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher: pool,
    });
    const text = await reply.body.text();
    usedAtMs = nowMs();
    // A response of status 204 must have no body at all, not an empty one.
    return new Response(text || null, { status: reply.statusCode, headers: toPairs(reply.headers) });
  };
}

/** Far above any page of customers: a reply without an end must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;

/** undici's own timeouts are off: they measure the silence between two pieces of a reply, not its whole time. */
function openPool(): Agent {
  return new Agent({ maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
}

/** A header that arrived several times is several pairs. */
function toPairs(headers: Readonly<Record<string, string | string[] | undefined>>): [name: string, value: string][] {
  return Object.entries(headers).flatMap(([name, values = []]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}
