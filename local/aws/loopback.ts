import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type LoopbackServer = { readonly address: string; close(): Promise<void> };

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves HTTP on a port of the loopback address; 0 is any free port. */
export async function listenOnLoopback(answer: Answer, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    if (!isFromHere(request)) return void response.writeHead(403).end();
    // A client that disconnects during its request must not end this process.
    answer(request, response).catch(() => response.destroy());
  });
  return listenServerOnLoopback(server, port);
}

/** A page of another site, also one whose name leads here, must not reach a server through the user's browser. */
function isFromHere({ headers }: IncomingMessage): boolean {
  const { host = "", origin = `http://${host}` } = headers;
  // A browser sends no origin with an image or a link.
  const isOfOtherSite = headers["sec-fetch-site"] === "cross-site" || origin !== `http://${host}`;
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host) && !isOfOtherSite;
}

/** The same for an existing server. */
export async function listenServerOnLoopback(server: Server, at = 0): Promise<LoopbackServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => close(server) };
}

/** Answers as the AWS JSON protocols do. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  { version = "1.1", ...headers }: Readonly<Record<string, string>> = {},
): void {
  const type = `application/x-amz-json-${version}`;
  response.writeHead(status, { "content-type": type, "x-amzn-requestid": randomUUID(), ...headers });
  response.end(JSON.stringify(body));
}

/** Refusals that a test plans. */
export function createFailures(): { failNext(times: number, code: string): void; take(): string | undefined } {
  let codes: readonly string[] = [];
  return {
    failNext: (times, code) => {
      codes = Array.from({ length: times }, () => code);
    },
    take: () => {
      const [code, ...rest] = codes;
      codes = rest;
      return code;
    },
  };
}

/** The whole body of a request as text. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    // SDK clients keep their connections open, and the server would wait for them.
    server.closeAllConnections();
  });
}
