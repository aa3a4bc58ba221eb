import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createLoginReader } from "../../../../lambda/aws/secrets.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { type SecretsManager, startSecretsManager } from "../../../../local/aws/secrets-manager.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

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
  test("is read each time, with the version of the secret", async () => {
    const readLogin = createLoginReader(client, "login");
    expect(await readLogin()).toEqual({ ...LOGIN, versionId: secrets.versionId("login") });

    const versionId = secrets.putSecretValue("login", JSON.stringify({ ...LOGIN, password: "Quayside-2!" }));
    expect(await readLogin()).toEqual({ ...LOGIN, password: "Quayside-2!", versionId });
  });

  test.each([
    { about: "does not exist", name: "Harbour-hunter2!", what: "does not exist or has no value yet" },
    { about: "has no value yet", name: "empty", what: "does not exist or has no value yet" },
  ])("is refused when the secret $about", async ({ name, what }) => {
    await expect(createLoginReader(client, name)()).rejects.toThrow(
      `the secret that the worker's CUTOVER_SECRET_ID names ${what}; put {"userName": "…", "password": "…"} into it, as JSON`,
    );
  });

  test("may begin with a byte order mark", async () => {
    secrets.putSecretValue("login", `\uFEFF${JSON.stringify(LOGIN)}`);
    expect(await createLoginReader(client, "login")()).toMatchObject(LOGIN);
  });

  test.each([
    { given: { password: "hunter2\n" }, named: "password" },
    { given: { userName: " operator", password: "hunter2 " }, named: "userName and password" },
  ])("is refused with white space at an end of its $named", async ({ given, named }) => {
    secrets.putSecretValue("login", JSON.stringify({ ...LOGIN, ...given }));
    const failure: unknown = await createLoginReader(client, "login")().catch((error: unknown) => error);
    expect(String(failure)).toContain(`has white space at an end of its ${named}; put`);
    expect(String(failure)).not.toContain("hunter2");
  });

  test.each(["", "hunter2", "{", "[]", "null", '{"userName":"x"}', '{"userName":"","password":"hunter2"}'])(
    "is not %j, and the error does not show the value",
    async (value) => {
      secrets.putSecretValue("login", value);
      const failure: unknown = await createLoginReader(client, "login")().catch((error: unknown) => error);
      expect(String(failure)).toMatch(/^BadSecretError: .* names does not hold a login; put/);
      expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("hunter2");
    },
  );

  test.each(["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"])(
    "that AWS refuses to show (%s) is an error after one call",
    async (code) => {
      secrets.failNext(9, code);
      await expect(createLoginReader(client, "login")()).rejects.toThrow(
        `the secret that the worker's CUTOVER_SECRET_ID names cannot be read (${code}); check that the worker may read the secret and use its key, and that the secret is not being deleted`,
      );
      expect(secrets.requests().length).toBe(1);
    },
  );
});
