import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createTransport, type TransportOptions } from "../../../lambda/evovoice/transport.ts";

const TEXT = '{"name":"Ärzte und Bäcker 電話"}';

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

async function get(path: string, options: Partial<TransportOptions> = {}) {
  return read(aTransport(options), path);
}

async function read(transport: ReturnType<typeof createTransport>, path: string) {
  const response = await transport({ method: "GET", path });
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

test("a reply has its status, its headers and its whole text, in however many pieces it arrives", async () => {
  reply = async (response) => {
    response.writeHead(201, { "x-one": "1", "set-cookie": ["a=1", "b=2"] });
    for (const byte of Buffer.from(TEXT)) {
      response.write(Buffer.of(byte));
      await wait(1);
    }
    response.end();
  };

  const { status, headers, text } = await get("");

  expect({ status, text }).toEqual({ status: 201, text: TEXT });
  expect(headers.get("x-one")).toBe("1");
  expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
});

test.each([
  ["no body", 200, Buffer.alloc(0), ""],
  ["status 204", 204, Buffer.alloc(0), ""],
  ["a byte order mark", 200, Buffer.from(`\uFEFF${TEXT}`), TEXT],
])("a reply with %s is read", async (_about, status, body, text) => {
  reply = (response) => response.writeHead(status).end(body);

  expect(await get("")).toMatchObject({ status, text });
});

test("a redirect is a reply and is not followed", async () => {
  reply = (response) => response.writeHead(302, { location: "/login" }).end();

  expect(await get("customers")).toMatchObject({ status: 302 });
  expect(received).toEqual(["/customers"]);
});

test("an informational status before the reply is not the reply", async () => {
  reply = (response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end(TEXT);
  };

  expect(await get("")).toMatchObject({ status: 200, text: TEXT });
});

test("the timeout ends a reply that never ends, however often a piece of it arrives", async () => {
  reply = async (response) => {
    while (!response.destroyed) {
      response.write(" ");
      await wait(5);
    }
  };

  await expect(get("", { timeoutMs: 100 })).rejects.toThrow(expect.objectContaining({ name: "TimeoutError" }));
});

test.each([
  [
    "is longer than any reply may be",
    (response: ServerResponse) => {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      for (let megabytes = 0; megabytes < 65; megabytes += 1) response.write(chunk);
      response.end();
    },
  ],
  ["breaks off", (response: ServerResponse) => response.writeHead(200, { "content-length": 9 }).end().destroy()],
  ["never begins", (response: ServerResponse) => response.destroy()],
])("a reply that %s is an error", async (_about, given) => {
  reply = given;

  await expect(get("")).rejects.toThrow();
});

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
    const transport = aTransport({ timeoutMs: 200, nowMs: () => nowMs });
    killFirstConnection();
    await read(transport, "first");
    // undici needs a turn of the event loop before it uses a connection again.
    await wait(20);
    nowMs += idleMs;

    const next = await read(transport, "next").catch(({ name }: Error) => name);

    expect(next === "TimeoutError").toBe(isLost);
  });
});
