import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as z from "zod";

const SHORTEST = 16;
const Secret = z.string().min(SHORTEST).max(512);
const Secrets = z.object({ secrets: z.array(Secret).min(1).max(2) });

/** The secret cannot be used to check signatures; says what it must look like, never what it holds. */
export class BadSigningSecretError extends Error {
  override readonly name = "BadSigningSecretError";
}

/**
 * Reads the texts that a source may sign with, afresh at every call: those of the secret's current version and of its
 * previous one, so that a rotation refuses nothing that is under way. Needs `secretsmanager:GetSecretValue`.
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
      `the secret ${secretId} ${current === undefined ? "does not exist or has no value yet" : "holds no signing secret"}; put a text of at least ${SHORTEST} characters into it, or {"secrets": ["new", "old"]} as JSON`,
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

/** A text that begins like JSON is JSON: a mistake in it must not become the secret. */
function findSecrets(text: string): readonly string[] | undefined {
  const bare = text.trim();
  if (!bare.startsWith("{")) return Secret.safeParse(bare).success ? [bare] : undefined;
  try {
    return Secrets.safeParse(JSON.parse(bare)).data?.secrets;
  } catch {
    return undefined;
  }
}
