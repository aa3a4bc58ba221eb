import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { findJson } from "../contract/find-json.ts";
import { FinalError } from "../core/final-error.ts";

const LoginSecret = z.object({ userName: z.string().min(1), password: z.string().min(1) });

/** The secret cannot be used as a login. The message says what the secret must contain, never what it contains. */
export class BadSecretError extends FinalError {
  override readonly name = "BadSecretError";

  constructor(problem: string, options?: ErrorOptions) {
    super({ code: "bad-secret", problem }, options);
  }
}

/** Reads the Evo Voice login from the current version of a secret, without a cache. */
export function createLoginReader(client: SecretsManagerClient, secretId: string) {
  return async (): Promise<{ readonly userName: string; readonly password: string; readonly versionId: string }> => {
    const { SecretString, VersionId } = await getSecretValue(client, secretId);
    const login = LoginSecret.safeParse(findJson(SecretString ?? ""));
    if (!login.success) throw badSecret("does not hold a login");
    const spaced = Object.entries(login.data).flatMap(([name, value]) => (value === value.trim() ? [] : [name]));
    if (spaced.length > 0) throw badSecret(`has white space at an end of its ${spaced.join(" and ")}`);
    return { ...login.data, versionId: VersionId ?? "" };
  };
}

async function getSecretValue(client: SecretsManagerClient, secretId: string) {
  try {
    return await client.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage: "AWSCURRENT" }));
  } catch (error) {
    if (!(error instanceof SecretsManagerServiceException)) throw error;
    if (error.name === "ResourceNotFoundException") throw badSecret("does not exist or has no value yet");
    if (LASTING.includes(error.name)) throw unreadable(error);
    throw error;
  }
}

/** Errors that a repeat cannot fix. */
const LASTING = ["AccessDeniedException", "DecryptionFailure", "InvalidRequestException", "InvalidParameterException"];

/** Its name is not quoted: a person may have written the password there. */
const THE_SECRET = "the secret that the worker's CUTOVER_SECRET_ID names";

function unreadable(cause: Error): BadSecretError {
  return new BadSecretError(
    `${THE_SECRET} cannot be read (${cause.name}); check that the worker may read the secret and use its key, and that the secret is not being deleted`,
    { cause },
  );
}

function badSecret(what: string): BadSecretError {
  return new BadSecretError(`${THE_SECRET} ${what}; put {"userName": "…", "password": "…"} into it, as JSON`);
}
