import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { FinalError } from "../core/final-error.ts";

const LoginSecret = z.object({ userName: z.string().min(1), password: z.string().min(1) });

/** The secret cannot be used as a login; says what it must look like, never what it holds. */
export class BadSecretError extends FinalError {
  override readonly name = "BadSecretError";

  constructor(problem: string, options?: ErrorOptions) {
    super({ code: "bad-secret", problem }, options);
  }
}

/** Reads the Evo Voice login from the current version of a secret, afresh at every call. */
export function createLoginReader(client: SecretsManagerClient, secretId: string) {
  return async (): Promise<{ readonly userName: string; readonly password: string; readonly versionId: string }> => {
    const { SecretString, VersionId } = await getSecretValue(client, secretId);
    const login = LoginSecret.safeParse(parseJson(SecretString ?? ""));
    if (!login.success) throw badSecret(secretId, "does not hold a login");
    return { ...login.data, versionId: VersionId ?? "" };
  };
}

async function getSecretValue(client: SecretsManagerClient, secretId: string) {
  try {
    return await client.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage: "AWSCURRENT" }));
  } catch (error) {
    if (!(error instanceof SecretsManagerServiceException)) throw error;
    if (error.name === "ResourceNotFoundException") throw badSecret(secretId, "does not exist or has no value yet");
    if (LASTING.includes(error.name)) throw unreadable(secretId, error);
    throw error;
  }
}

/** What no repetition mends. */
const LASTING = ["AccessDeniedException", "DecryptionFailure", "InvalidRequestException", "InvalidParameterException"];

function unreadable(secretId: string, cause: Error): BadSecretError {
  return new BadSecretError(
    `the secret ${secretId} cannot be read (${cause.name}); see the worker's right to read it and its key, and whether it is being deleted`,
    { cause },
  );
}

function badSecret(secretId: string, what: string): BadSecretError {
  return new BadSecretError(`the secret ${secretId} ${what}; put {"userName": "…", "password": "…"} into it, as JSON`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
