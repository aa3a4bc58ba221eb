import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, type LoopbackServer, listenOnLoopback } from "./loopback.ts";

/** A Lambda handler behind a Function URL. */
export type FunctionUrlHandler = (request: FunctionUrlEvent) => Promise<{
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}>;

type FunctionUrlEvent = ReturnType<typeof toEvent>;

/** Lambda's limit for a request. */
const MOST_BYTES = 6 * 1024 * 1024;
/** A Function URL passes bodies of these content types as text, all others as base64. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml)|application\/[\w.+-]+\+(?:json|xml))/i;

/** A Function URL on loopback. */
export async function startFunctionUrl(handler: FunctionUrlHandler): Promise<LoopbackServer> {
  return listenOnLoopback(answerFunctionUrl(handler));
}

/** Calls the handler with Lambda's payload format 2.0. */
export function answerFunctionUrl(handler: FunctionUrlHandler): Answer {
  return async (request, response) => {
    const bytes = await readBytes(request);
    if (bytes === undefined) return send(response, 413, '{"Message":"Request body is too large"}');
    try {
      const { statusCode, headers = {}, body = "" } = await handler(toEvent(request, bytes));
      response.writeHead(statusCode, { ...headers }).end(body);
    } catch {
      send(response, 502, "Internal Server Error");
    }
  };
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}

/** Reads to the end, so that the sender gets an answer; a body above the limit is not kept. */
async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  return length <= MOST_BYTES ? Buffer.concat(chunks) : undefined;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads */
function toEvent(request: IncomingMessage, bytes: Buffer) {
  const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const isText = TEXT.test(headers["content-type"] ?? "") && isUtf8(bytes);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    requestContext: {
      accountId: "anonymous",
      apiId: "local",
      domainName: "127.0.0.1",
      domainPrefix: "local",
      http: {
        method: request.method ?? "GET",
        path: pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: "127.0.0.1",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(bytes.length > 0 && { body: bytes.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: bytes.length > 0 && !isText,
  };
}
