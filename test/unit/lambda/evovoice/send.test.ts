import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Pool } from "undici";
import { send } from "../../../../lambda/evovoice/send.ts";

const TEXT = '{"name":"Ärzte und Bäcker 電話"}';

let server: Server;
let pool: Pool;
let asked: string[];
let answer: (response: ServerResponse, path: string) => void;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    answer(response, path);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1, maxResponseSize: 1_000 });
});
afterEach(async () => {
  await pool.destroy();
  server.closeAllConnections();
  server.close();
});

const get = (path: string, timeoutMs = 10_000) => send(pool, { path, method: "GET" }, timeoutMs);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a reply has its status, its headers and its whole text, in however many pieces it comes", async () => {
  answer = async (response) => {
    response.writeHead(201, { "x-one": "1", "set-cookie": ["a=1", "b=2"] });
    for (const byte of Buffer.from(TEXT)) {
      response.write(Buffer.of(byte));
      await wait(1);
    }
    response.end();
  };

  expect(await get("/")).toEqual({
    status: 201,
    headers: expect.objectContaining({ "x-one": "1", "set-cookie": ["a=1", "b=2"] }),
    text: TEXT,
  });
});

test.each([
  ["nothing", Buffer.alloc(0), ""],
  ["a byte order mark before it", Buffer.from(`\uFEFF${TEXT}`), TEXT],
])("a body with %s is its text", async (_what, body, text) => {
  answer = (response) => response.end(body);

  expect((await get("/")).text).toBe(text);
});

test("a status of its own before the reply is not the reply", async () => {
  answer = (response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end(TEXT);
  };

  expect(await get("/")).toMatchObject({ status: 200, text: TEXT });
});

test("a reply that never ends is over when its time is, however often a piece of it comes", async () => {
  answer = async (response) => {
    while (!response.destroyed) {
      response.write(" ");
      await wait(5);
    }
  };

  await expect(get("/", 100)).rejects.toThrow("no answer in time");
});

test("whoever waits for a connection until it is too late sends nothing any more", async () => {
  let release = () => {};
  answer = (response) => {
    release = () => response.end(TEXT);
  };
  const first = get("/first");
  await expect(get("/second", 50)).rejects.toThrow("no answer in time");
  release();
  await first;
  answer = (response) => response.end(TEXT);
  await get("/third");

  expect(asked).toEqual(["/first", "/third"]);
});

test.each([
  [
    "is longer than any can be",
    (response: ServerResponse) => response.end(" ".repeat(1_001)),
    /ResponseExceeded|exceeded/i,
  ],
  ["breaks off", (response: ServerResponse) => response.writeHead(200, { "content-length": 9 }).end().destroy(), /./],
  ["is none", (response: ServerResponse) => response.destroy(), /./],
])("a reply that %s is an error", async (_what, reply, message) => {
  answer = reply;

  await expect(get("/")).rejects.toThrow(message);
});
