import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { findJson } from "../contract/find-json.ts";

const SHORTEST = 16;
const Secret = z.string().min(SHORTEST).max(512);
const Secrets = z.object({ secrets: z.array(Secret).min(1).max(2) });

/** The secret cannot be used to check signatures. The message says what the secret must contain, never what it contains. */
export class BadSigningSecretError extends Error {
  override readonly name = "BadSigningSecretError";
}

/**
 * Reads the signing secrets of a source, without a cache: the current version and the previous one, so that a rotation
 * refuses no delivery that is on its way. Needs `secretsmanager:GetSecretValue`.
 */
export function createSigningSecretReader(client: SecretsManagerClient) {
  return async (secretId: string): Promise<readonly string[]> => {
    const [current, previous] = await Promise.all([
      findSecretText(client, secretId, "AWSCURRENT"),
      findSecretText(client, secretId, "AWSPREVIOUS"),
    ]);
    const secrets = current === undefined ? undefined : findSecrets(current);
    if (secrets !== undefined) return [...new Set([...secrets, ...(findSecrets(previous ?? "") ?? [])])];
    throw new BadSigningSecretError(
      `the secret of this source ${current === undefined ? "does not exist or has no value yet" : "holds no signing secret"}; put a text of at least ${SHORTEST} characters into it, or {"secrets": ["new", "old"]} as JSON`,
    );
  };
}

async function findSecretText(
  client: SecretsManagerClient,
  secretId: string,
  stage: "AWSCURRENT" | "AWSPREVIOUS",
): Promise<string | undefined> {
  try {
    const found = await client.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }));
    return found.SecretString ?? "";
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** A text that begins like JSON must be JSON: malformed JSON must not become the secret. */
function findSecrets(text: string): readonly string[] | undefined {
  const bare = text.trim();
  if (!bare.startsWith("{")) return Secret.safeParse(bare).success ? [bare] : undefined;
  return Secrets.safeParse(findJson(bare)).data?.secrets;
}
