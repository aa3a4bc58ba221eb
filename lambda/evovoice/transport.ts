import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import ky, { type Options } from "ky";
import { Agent, type Dispatcher } from "undici";
import { type ApiResponse, classify, toLost } from "./response.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** Relative to the API's address, without a leading slash. */
  readonly path: string;
  readonly searchParams?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly cookie?: string;
}

export interface TransportOptions {
  readonly baseUrl: string;
  /** The time limit of one request, from its start to the last byte of its reply. */
  readonly timeoutMs: number;
  /** @default Date.now */
  readonly nowMs?: () => number;
}

/** Sends a request once. It never throws for an error of the server or the network. */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>;

/** Replies are not to be compressed, so that the size limit counts the bytes in memory. */
const HEADERS = { accept: "application/json", "accept-encoding": "identity", "user-agent": "evovoice-cutover/0.1" };

/**
 * Sends every request to Evo Voice: ky over one undici pool. It follows no redirect, because a 3xx means "not signed
 * in". It retries nothing, because each attempt must pass the rollout's limiter.
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
      ...(searchParams && { searchParams: toQuery(searchParams) }),
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

/** A comma needs no encoding in a query, and an encoded comma would make a list of ids longer by a twelfth. */
function toQuery(searchParams: Readonly<Record<string, string>>): string {
  return new URLSearchParams(searchParams).toString().replaceAll("%2C", ",");
}

const JSON_TYPE = { "content-type": "application/json" };

/**
 * The body of a request. ky passes options that it does not know to `fetch`. ky's own `json` option makes a stream,
 * which costs a tenth of a flip's CPU time.
 */
interface Payload {
  readonly payload?: string;
}

/** A Lambda freeze kills all sockets and stops undici's idle timer, so only the clock shows the freeze. */
const LONGEST_IDLE_MS = 2_000;

function createFetch({ timeoutMs, nowMs = Date.now }: TransportOptions) {
  let pool = openPool(timeoutMs);
  let usedAtMs = nowMs();
  return async ({ url, method, headers }: Request, { payload }: Payload): Promise<Response> => {
    if (nowMs() - usedAtMs > LONGEST_IDLE_MS) {
      void pool.close();
      pool = openPool(timeoutMs);
    }
    usedAtMs = nowMs();
    const { origin, pathname, search } = new URL(url);
    const reply = await pool.request({
      origin,
      path: pathname + search,
      method: method as ApiRequest["method"],
      headers: Object.fromEntries(headers),
      body: payload ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readText(reply);
    usedAtMs = nowMs();
    // `Response` refuses even an empty body with status 204.
    return new Response(text || null, { status: reply.statusCode, headers: toPairs(reply.headers) });
  };
}

/** Far above any page of customers: an endless reply must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;

/**
 * undici's own timeouts are off: they measure the pause between two pieces of a reply, not the whole time. Of a host's
 * addresses each but the last gets a quarter of a request's time: Node's 250 ms are too few for a far server.
 */
function openPool(timeoutMs: number): Agent {
  const connect = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: timeoutMs / 4 };
  return new Agent({ maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0, connect });
}

const unzip = promisify(gunzip);

/** Some proxies compress every reply, although none was to be compressed. */
async function readText({ body, headers }: Dispatcher.ResponseData): Promise<string> {
  if (headers["content-encoding"] !== "gzip") return body.text();
  const packed = await body.bytes();
  const bytes = packed.length === 0 ? packed : await unzip(packed, { maxOutputLength: MOST_REPLY_BYTES });
  return new TextDecoder().decode(bytes);
}

function toPairs(headers: Readonly<Record<string, string | string[] | undefined>>): [name: string, value: string][] {
  return Object.entries(headers).flatMap(([name, values = []]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}
