import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type SecretsManager, startSecretsManager } from "../../../../local/aws/secrets-manager.ts";

let secrets: SecretsManager;
let client: SecretsManagerClient;

beforeEach(async () => {
  secrets = await startSecretsManager({ secrets: { login: "first", empty: undefined } });
  client = new SecretsManagerClient({
    endpoint: secrets.address,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await secrets.close();
});

const read = (SecretId: string, which: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...which }));

test("a secret is read by its name and by its ARN", async () => {
  const byName = await read("login");
  expect(byName).toMatchObject({
    Name: "login",
    SecretString: "first",
    VersionId: secrets.versionId("login"),
    VersionStages: ["AWSCURRENT"],
  });
  expect(byName.CreatedDate).toBeInstanceOf(Date);
  expect((await read(byName.ARN!)).SecretString).toBe("first");
});

test("a new value becomes AWSCURRENT and the old one AWSPREVIOUS", async () => {
  const old = secrets.versionId("login");
  const renewed = secrets.putSecretValue("login", "second");
  expect(renewed).not.toBe(old);
  expect(await read("login")).toMatchObject({ SecretString: "second", VersionId: renewed });
  expect(await read("login", { VersionStage: "AWSPREVIOUS" })).toMatchObject({ SecretString: "first", VersionId: old });
  expect(await read("login", { VersionId: old })).toMatchObject({ SecretString: "first" });
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: "login" }));
  expect(VersionIdsToStages).toEqual({ [renewed]: ["AWSCURRENT"], [old]: ["AWSPREVIOUS"] });
});

test("a secret without a value is described, but cannot be read until it is filled", async () => {
  await expect(read("empty")).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
  });
  expect((await client.send(new DescribeSecretCommand({ SecretId: "empty" }))).VersionIdsToStages).toEqual({});
  secrets.putSecretValue("empty", "filled");
  expect((await read("empty")).SecretString).toBe("filled");
});

test("an unknown secret, version or stage is not found", async () => {
  const missing = [
    () => read("unknown"),
    () => read("login", { VersionId: "11111111-2222-3333-4444-555555555555" }),
    () => read("login", { VersionStage: "AWSPREVIOUS" }),
  ];
  for (const ask of missing) await expect(ask()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("requests are recorded, and the next ones fail when ordered", async () => {
  secrets.failNext(1, "InternalServiceError");
  await expect(read("login")).rejects.toMatchObject({
    name: "InternalServiceError",
    $metadata: { httpStatusCode: 500 },
  });
  await read("login");
  const asked = { action: "GetSecretValue", secretId: "login" };
  expect(secrets.requests()).toEqual([asked, asked]);
});
