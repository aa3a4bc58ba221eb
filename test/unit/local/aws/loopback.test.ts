import { request } from "node:http";
import { type LoopbackServer, listenOnLoopback } from "../../../../local/aws/loopback.ts";
import { afterAll, beforeAll, expect, test } from "../../../support/jest.ts";

let server: LoopbackServer;
beforeAll(async () => {
  server = await listenOnLoopback(async (_request, response) => void response.end("here"));
});
afterAll(() => server.close());

function ask(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(server.address, { method: "POST", headers }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

test.each([
  ["a program", () => ({}), 200],
  ["its own page", () => ({ origin: server.address }), 200],
  ["a page of another site", () => ({ origin: "https://example.com" }), 403],
  ["a page of another port", () => ({ origin: "http://127.0.0.1:1" }), 403],
  ["an image on a page of another site", () => ({ "sec-fetch-site": "cross-site" }), 403],
  ["a page without an origin", () => ({ origin: "null" }), 403],
  ["a site whose name leads here", () => ({ host: "example.com" }), 403],
] as const)("a server on loopback and %s", async (_what, toHeaders, status) => {
  expect(await ask(toHeaders() as Readonly<Record<string, string>>)).toBe(status);
});
