import ky, { type KyInstance, type Options } from "ky";
import { Agent, type Dispatcher } from "undici";

export interface TransportOptions {
  readonly baseUrl: string;
  /** How long one request may take, from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly connections: number;
}

/**
 * ky hands options that it does not know to `fetch`: so the body passes as the text that it is, and no stream is made of
 * it and read again, which cost more than the rest of the request.
 */
export interface SentOptions extends Options {
  readonly sent?: string;
}

/** Far above any page that is asked for; a reply that never ends must not fill the memory. */
const MOST_REPLY_BYTES = 64 * 1024 * 1024;

/** All that is read of a reply's headers. */
const READ_HEADERS = ["content-type", "retry-after", "set-cookie"] as const;

/**
 * ky over undici's request and one agent: keep-alive, no redirects (a 3xx means "not signed in"), no retry and no
 * timeout of ky's own, because both belong to the one limiter and the one time budget of a rollout.
 */
export function createTransport({ baseUrl, timeoutMs, connections }: TransportOptions): KyInstance {
  const agent = new Agent({ connections, maxResponseSize: MOST_REPLY_BYTES, headersTimeout: 0, bodyTimeout: 0 });
  const { origin } = new URL(baseUrl);
  return ky.create({
    prefix: origin,
    headers: { accept: "application/json", "user-agent": "evovoice-cutover/0.1" },
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    fetch: async (input, options) => {
      const { url, method, headers } = input as Request;
      const { sent }: SentOptions = options ?? {};
      return withinMs(timeoutMs, async (signal) => {
        const reply = await agent.request({
          origin,
          path: url.slice(origin.length),
          method: method as "GET" | "POST",
          headers: Object.fromEntries(headers),
          body: sent ?? null,
          signal,
        });
        return new ReadResponse(await reply.body.text(), reply);
      });
    },
  });
}

/** A response whose body was read already: its text is there without a stream. */
class ReadResponse extends Response {
  override readonly text: () => Promise<string>;

  constructor(text: string, { statusCode, headers }: Pick<Dispatcher.ResponseData, "statusCode" | "headers">) {
    super(null, { status: statusCode });
    this.text = async () => text;
    for (const name of READ_HEADERS) {
      for (const value of [headers[name] ?? []].flat()) this.headers.append(name, value);
    }
  }
}

/** `AbortSignal.timeout` would keep its timer for the whole time, however soon the answer comes. */
async function withinMs<Result>(timeoutMs: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), timeoutMs);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
