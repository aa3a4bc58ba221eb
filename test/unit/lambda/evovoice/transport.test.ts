import dns from "node:dns";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Worker } from "node:worker_threads";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createTransport, type TransportOptions } from "../../../../lambda/evovoice/transport.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

const TEXT = '{"name":"Ärzte und Bäcker 電話"}';

/** 300 KB that unpack to 65 MB. */
const BOMB = gzipSync(Buffer.alloc(65 * 1024 * 1024, " "), { level: 1 });

let server: Server;
let received: string[];
let reply: (response: ServerResponse, request: IncomingMessage) => void;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    received.push(request.url ?? "");
    reply(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function aTransport(options: Partial<TransportOptions> = {}) {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createTransport({ baseUrl, timeoutMs: 10_000, ...options });
}

function get(path: string, options: Partial<TransportOptions> = {}) {
  return aTransport(options)({ method: "GET", path });
}

test("a reply in many pieces is read completely, with all its cookies", async () => {
  reply = async (response) => {
    response.writeHead(201, { "set-cookie": ["a=1", "b=2"] });
    for (const byte of Buffer.from(TEXT)) {
      response.write(Buffer.of(byte));
      await wait(1);
    }
    response.end();
  };

  expect(await get("")).toEqual({ kind: "ok", body: JSON.parse(TEXT), cookies: ["a=1", "b=2"] });
});

test.each([
  ["no body", 200, Buffer.alloc(0), undefined],
  ["status 204", 204, Buffer.alloc(0), undefined],
  ["a byte order mark", 200, Buffer.from(`\uFEFF${TEXT}`), JSON.parse(TEXT)],
  ["gzip that was not asked for", 200, gzipSync(`\uFEFF${TEXT}`), JSON.parse(TEXT)],
  ["gzip of nothing", 200, Buffer.alloc(0), undefined],
])("a reply with %s is read", async (about, status, body, parsed) => {
  reply = (response) =>
    response.writeHead(status, about.startsWith("gzip") ? { "content-encoding": "gzip" } : {}).end(body);

  expect(await get("")).toEqual({ kind: "ok", body: parsed, cookies: [] });
});

test("a redirect is a reply and is not followed", async () => {
  reply = (response) => response.writeHead(302, { location: "/login" }).end();

  expect(await get("customers")).toEqual({ kind: "login-page", status: 302 });
  expect(received).toEqual(["/customers"]);
});

test("an informational status is not the reply", async () => {
  reply = (response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end(TEXT);
  };

  expect(await get("")).toMatchObject({ kind: "ok", body: JSON.parse(TEXT) });
});

test("the timeout ends an endless reply although its pieces arrive often", async () => {
  reply = async (response) => {
    while (!response.destroyed) {
      response.write(" ");
      await wait(5);
    }
  };

  expect(await get("", { timeoutMs: 100 })).toEqual({ kind: "lost", why: "TimeoutError" });
});

test.each<[about: string, why: string, given: typeof reply]>([
  [
    "is longer than any reply may be",
    "UND_ERR_RES_EXCEEDED_MAX_SIZE",
    (response) => {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      for (let megabytes = 0; megabytes < 65; megabytes += 1) response.write(chunk);
      response.end();
    },
  ],
  [
    "is longer than any reply may be when it is unpacked",
    "ERR_BUFFER_TOO_LARGE",
    (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(BOMB),
  ],
  [
    "is compressed in another way",
    "a compressed body, although none was asked for",
    (response) => response.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(TEXT)),
  ],
  [
    "comes after a 100 Continue",
    "100 Continue, which the request did not ask for",
    (response) => {
      response.writeContinue();
      response.end(TEXT);
    },
  ],
  ["breaks off", "UND_ERR_SOCKET", (response) => response.writeHead(200, { "content-length": 9 }).end().destroy()],
  ["never begins", "UND_ERR_SOCKET", (response) => response.destroy()],
])("a reply that %s is lost: %s", async (_about, why, given) => {
  reply = given;

  expect(await get("")).toEqual({ kind: "lost", why });
});

test("a host with a slow address and a dead address is reached", async () => {
  const host = await startSlowHost();
  const { lookup } = dns;
  dns.lookup = ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ])) as typeof lookup;
  try {
    const transport = createTransport({ baseUrl: `http://evovoice.test:${host.port}`, timeoutMs: 20_000 });
    expect(await transport({ method: "GET", path: "" })).toMatchObject({ kind: "ok" });
  } finally {
    dns.lookup = lookup;
    await host.close();
  }
});

/** A server that accepts connections only after half a second, when its queue is full: the next handshake takes a second. */
async function startSlowHost() {
  const thread = new Worker(
    `const { createServer } = require("node:http");
    const { parentPort, workerData } = require("node:worker_threads");
    const server = createServer((_request, response) => response.end("{}"));
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(workerData, 0, 0, 500));
    });`,
    { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
  );
  const [port] = (await once(thread, "message")) as [number];
  const queued = [1, 2].map(() => connect(port, "127.0.0.1"));
  await Promise.all(queued.map((socket) => once(socket, "connect")));
  return {
    port,
    close: () => {
      for (const socket of queued) socket.destroy();
      return thread.terminate();
    },
  };
}

describe("after the process was frozen", () => {
  /** The first connection answers one request and is dead then, as after a freeze: nothing is sent back on it. */
  function killFirstConnection() {
    let first: IncomingMessage["socket"] | undefined;
    reply = (response, { socket, url }) => {
      first ??= socket;
      if (socket !== first || url === "/first") response.end(TEXT);
    };
  }

  test.each([
    { idleMs: 2_001, isLost: false },
    { idleMs: 1_999, isLost: true },
  ])("for $idleMs ms by the clock, the next request is lost: $isLost", async ({ idleMs, isLost }) => {
    let nowMs = 1_000_000;
    const transport = aTransport({ timeoutMs: isLost ? 200 : 10_000, nowMs: () => nowMs });
    killFirstConnection();
    await transport({ method: "GET", path: "first" });
    // undici needs a turn of the event loop before it uses a connection again.
    await wait(20);
    nowMs += idleMs;

    const { kind } = await transport({ method: "GET", path: "next" });

    expect(kind).toBe(isLost ? "lost" : "ok");
  });
});
