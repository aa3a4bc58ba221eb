import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CLIENT_OPTIONS, DOOR_CLIENT_OPTIONS } from "../../../../lambda/aws/client-options.ts";
import { type LoopbackServer, listenOnLoopback } from "../../../../local/aws/loopback.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";

let requests: number;
let silent: LoopbackServer;

beforeEach(async () => {
  requests = 0;
  silent = await listenOnLoopback(async () => {
    requests += 1;
  });
});

afterEach(() => silent.close());

test.each([
  ["the worker's", CLIENT_OPTIONS],
  ["a door's", DOOR_CLIENT_OPTIONS],
])("%s request without an answer ends with an error after three attempts", async (_whose, options) => {
  const client = new SecretsManagerClient({
    ...options,
    requestHandler: { ...options.requestHandler, requestTimeout: 300 },
    endpoint: silent.address,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await expect(client.send(new GetSecretValueCommand({ SecretId: "a" }))).rejects.toMatchObject({
    name: "TimeoutError",
  });
  expect(requests).toBe(3);
  client.destroy();
});
