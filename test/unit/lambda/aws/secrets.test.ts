import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createLoginReader } from "../../../../lambda/aws/secrets.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { type SecretsManager, startSecretsManager } from "../../../../local/aws/secrets-manager.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

const NAMED = "the secret that the worker's CUTOVER_SECRET_ID names";
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
    ["does not exist", "Harbour-hunter2!"],
    ["has no value yet", "empty"],
  ])("is refused when the secret %s", async (_about, name) => {
    await expect(createLoginReader(client, name)()).rejects.toThrow(
      `${NAMED} does not exist or has no value yet; put {"userName": "…", "password": "…"} into it, as JSON`,
    );
  });

  test("may begin with a byte order mark", async () => {
    secrets.putSecretValue("login", `\uFEFF${JSON.stringify(LOGIN)}`);
    expect(await createLoginReader(client, "login")()).toMatchObject(LOGIN);
  });

  const SPACE = "has white space at an end of its";
  const NO_LOGIN = "does not hold a login";

  test.each([
    [JSON.stringify({ ...LOGIN, password: "hunter2\n" }), `${SPACE} password`],
    [JSON.stringify({ userName: " operator", password: "hunter2 " }), `${SPACE} userName and password`],
    ["", NO_LOGIN],
    ["hunter2", NO_LOGIN],
    ["{", NO_LOGIN],
    ["[]", NO_LOGIN],
    ["null", NO_LOGIN],
    ['{"userName":"x"}', NO_LOGIN],
    ['{"userName":"","password":"hunter2"}', NO_LOGIN],
  ])("is not %j, and the error does not show the value", async (value, problem) => {
    secrets.putSecretValue("login", value);
    const failure: unknown = await createLoginReader(client, "login")().catch((error: unknown) => error);
    expect(String(failure)).toBe(
      `BadSecretError: ${NAMED} ${problem}; put {"userName": "…", "password": "…"} into it, as JSON`,
    );
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("hunter2");
  });

  test.each(["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"])(
    "that AWS refuses to show (%s) is an error after one call",
    async (code) => {
      secrets.failNext(9, code);
      await expect(createLoginReader(client, "login")()).rejects.toThrow(
        `${NAMED} cannot be read (${code}); check that the worker may read the secret and use its key, and that the secret is not being deleted`,
      );
      expect(secrets.requests().length).toBe(1);
    },
  );
});
