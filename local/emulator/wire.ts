import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Reply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";

const longestBody = 1024 * 1024;

/** The body of a request as text. A body above 1 MB is refused. */
export function readRequestText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > longestBody) {
        reject(new ServiceError(413, "RequestEntityTooLarge", "Request body too large."));
        chunks.length = 0;
      } else {
        chunks.push(chunk);
      }
    });
    request.on("end", () =>
      resolve(chunks.length === 1 ? (chunks[0]?.toString() ?? "") : Buffer.concat(chunks).toString()),
    );
    request.on("error", reject);
  });
}

/** False for a browser and for a client without an `Accept` header: they get a page. */
export function wantsJson(accept: string | undefined, query: string): boolean {
  if (/(^|&)format=json(&|$)/i.test(query)) return true;
  for (const type of accept?.toLowerCase().split(",") ?? []) {
    if (type.includes("html")) return false;
    if (type.includes("json") || type.trim().startsWith("*/*")) return true;
  }
  return false;
}

export async function send(response: ServerResponse, reply: Reply, asJson: boolean): Promise<void> {
  const contentType = toContentType(reply, asJson);
  const headers = ["Vary", "Accept", "X-Powered-By", "ServiceStack/6.11 Net6/Linux"];
  for (const [name, value] of reply.headers ?? []) headers.push(name, value);
  if (contentType !== "") headers.push("Content-Type", contentType);
  const body = reply.kind === "data" && !asJson ? toPage(reply.body) : reply.body;
  if (typeof body !== "string") {
    response.writeHead(reply.status, headers);
    // A client may disconnect during the reply. That is not an error.
    await pipeline(Readable.from(body), response).catch(() => undefined);
    return;
  }
  if (reply.status !== 204) headers.push("Content-Length", String(Buffer.byteLength(body)));
  response.writeHead(reply.status, headers);
  response.end(body);
}

/** Sends the first half of a reply: as if it were complete, or with a broken connection. */
export async function sendHalf(response: ServerResponse, reply: Reply, cut: boolean): Promise<void> {
  const text = typeof reply.body === "string" ? reply.body : [...reply.body].join("");
  const whole = Buffer.from(text);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  response.writeHead(reply.status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": cut ? whole.length : half.length,
  });
  if (!cut) {
    response.end(half);
    return;
  }
  response.write(half, () => response.destroy());
}

function toContentType({ kind }: Reply, asJson: boolean): string {
  switch (kind) {
    case "data":
      return asJson ? "application/json; charset=utf-8" : "text/html; charset=utf-8";
    case "html":
      return "text/html; charset=utf-8";
    case "text":
      return "text/plain";
    case "empty":
      return "";
  }
}

function* toPage(body: Reply["body"]): Generator<string> {
  yield "<!doctype html><html><head><title>Snapshot</title></head><body><h1>Snapshot of this reply</h1><pre>";
  for (const piece of typeof body === "string" ? [body] : body) {
    yield piece.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }
  yield "</pre></body></html>";
}
