import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CLIENT_OPTIONS, DOOR_CLIENT_OPTIONS } from "../../../../lambda/aws/client-options.ts";
import { listenOnLoopback } from "../../../../local/aws/loopback.ts";
import { expect, test } from "../../../support/jest.ts";

test.each([
  ["the worker's", CLIENT_OPTIONS],
  ["a door's", DOOR_CLIENT_OPTIONS],
])("%s request without an answer ends with an error after three attempts", async (_whose, options) => {
  let requests = 0;
  const silent = await listenOnLoopback(async () => {
    requests += 1;
  });
  const client = new SecretsManagerClient({
    ...options,
    requestHandler: { ...options.requestHandler, requestTimeout: 100 },
    endpoint: silent.address,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const asking = client.send(new GetSecretValueCommand({ SecretId: "a" }));
  await expect(asking).rejects.toMatchObject({ name: "TimeoutError" });
  expect(requests).toBe(3);
  client.destroy();
  await silent.close();
});
