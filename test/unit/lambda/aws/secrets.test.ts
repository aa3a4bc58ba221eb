import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createLoginReader } from "../../../../lambda/aws/secrets.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { type SecretsManager, startSecretsManager } from "../../../../local/aws/secrets-manager.ts";

const LOGIN = { userName: "operator@example.com", password: "Harbour-hunter2!" };

let secrets: SecretsManager;
let client: SecretsManagerClient;

beforeEach(async () => {
  secrets = await startSecretsManager({ secrets: { login: JSON.stringify(LOGIN), empty: undefined } });
  Object.assign(process.env, localAwsEnvironment({ secretsManager: secrets.address }));
  client = new SecretsManagerClient();
});

afterEach(async () => {
  client.destroy();
  await secrets.close();
});

describe("the login", () => {
  test("is read afresh each time, with the version it was read from", async () => {
    const readLogin = createLoginReader(client, "login");
    expect(await readLogin()).toEqual({ ...LOGIN, versionId: secrets.versionId("login") });

    const versionId = secrets.putSecretValue("login", JSON.stringify({ ...LOGIN, password: "Quayside-2!" }));
    expect(await readLogin()).toEqual({ ...LOGIN, password: "Quayside-2!", versionId });
  });

  test.each([
    { about: "does not exist", name: "unknown", what: "does not exist or has no value yet" },
    { about: "has no value yet", name: "empty", what: "does not exist or has no value yet" },
  ])("of a secret that $about is a clear error", async ({ name, what }) => {
    await expect(createLoginReader(client, name)()).rejects.toThrow(
      `the secret ${name} ${what}; put {"userName": "…", "password": "…"} into it, as JSON`,
    );
  });

  test.each(["", "hunter2", "{", "[]", "null", '{"userName":"x"}', '{"userName":"","password":"hunter2"}'])(
    "is not %j, and the error shows nothing of it",
    async (value) => {
      secrets.putSecretValue("login", value);
      const failure: unknown = await createLoginReader(client, "login")().catch((error: unknown) => error);
      expect(String(failure)).toMatch(/^BadSecretError: the secret login does not hold a login; put/);
      expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("hunter2");
    },
  );

  test.each(["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"])(
    "that AWS refuses to show (%s) is an error that names the secret and is not tried again",
    async (code) => {
      secrets.failNext(9, code);
      await expect(createLoginReader(client, "login")()).rejects.toThrow(
        `the secret login cannot be read (${code}); see the worker's right to read it and its key, and whether it is being deleted`,
      );
      expect(secrets.requests().length).toBe(1);
    },
  );
});
