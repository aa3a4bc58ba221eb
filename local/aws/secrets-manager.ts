import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createFailures, listenOnLoopback, readBody, sendJson } from "./loopback.ts";

type SecretsManagerRequest = { readonly action: string; readonly secretId: string };

export type SecretsManager = {
  readonly address: string;
  /** Stores a new value, in a new secret if necessary, and returns the version id. The old version becomes AWSPREVIOUS. */
  putSecretValue(name: string, value: string): string;
  /** The version id of AWSCURRENT. */
  versionId(name: string): string;
  arn(name: string): string;
  requests(): readonly SecretsManagerRequest[];
  /** The next `times` requests of any kind are refused with this error code. */
  failNext(times: number, code: string): void;
  close(): Promise<void>;
};

type Version = { readonly id: string; readonly value: string; readonly createdAt: number };
type Secret = { readonly name: string; readonly arn: string; current?: Version; previous?: Version };
type SecretRequest = {
  readonly SecretId?: string;
  readonly VersionStage?: "AWSCURRENT" | "AWSPREVIOUS";
  readonly SecretString?: string;
};

const ACTIONS = new Map([
  ["GetSecretValue", getSecretValue],
  ["PutSecretValue", putSecretValue],
]);

/**
 * AWS Secrets Manager on loopback, for the real SDK client: AWS JSON 1.1 with an action that reads and one that writes. A secret given as
 * `undefined` exists without a value, like a secret of a new stack.
 */
export async function startSecretsManager(given: {
  readonly secrets: Readonly<Record<string, string | undefined>>;
}): Promise<SecretsManager> {
  const secretsByName = new Map<string, Secret>();
  const requests: SecretsManagerRequest[] = [];
  const failures = createFailures();
  for (const [name, value] of Object.entries(given.secrets)) addSecret(secretsByName, name, value);

  const server = await listenOnLoopback(async (request, response) => {
    const body = await readBody(request);
    answer(response, () => {
      const action = actionOf(request);
      const asked = toSecretRequest(body);
      requests.push({ action, secretId: asked.SecretId ?? "" });
      const code = failures.take();
      if (code !== undefined) throw new ServiceError("refused on request", { code });
      return perform(action, asked, secretsByName);
    });
  });

  return {
    address: server.address,
    putSecretValue: (name, value) => putValue(secretsByName.get(name) ?? addSecret(secretsByName, name), value),
    versionId: (name) => versionOf(findSecret(secretsByName, name), { VersionStage: "AWSCURRENT" }).id,
    arn: (name) => findSecret(secretsByName, name).arn,
    requests: () => [...requests],
    failNext: failures.failNext,
    close: server.close,
  };
}

class ServiceError extends Error {
  readonly code: string;
  constructor(message: string, options: ErrorOptions & { readonly code: string }) {
    super(message, options);
    this.code = options.code;
  }
}

function addSecret(secretsByName: Map<string, Secret>, name: string, value?: string): Secret {
  // AWS ends each ARN with six random characters, so a new secret with an old name has a different ARN.
  const suffix = randomBytes(3).toString("hex");
  const secret: Secret = { name, arn: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-${suffix}` };
  if (value !== undefined) putValue(secret, value);
  secretsByName.set(name, secret);
  return secret;
}

function putValue(secret: Secret, value: string): string {
  if (secret.current) secret.previous = secret.current;
  secret.current = { id: randomUUID(), value, createdAt: Date.now() };
  return secret.current.id;
}

function actionOf(request: IncomingMessage): string {
  return String(request.headers["x-amz-target"] ?? "").replace(/^secretsmanager\./, "");
}

function toSecretRequest(body: string): SecretRequest {
  try {
    return JSON.parse(body) as SecretRequest;
  } catch (cause) {
    throw new ServiceError("the request is not JSON", { code: "SerializationException", cause });
  }
}

function perform(action: string, asked: SecretRequest, secretsByName: ReadonlyMap<string, Secret>): object {
  const found = ACTIONS.get(action);
  if (!found) throw new ServiceError(`the stand-in does not know ${action}`, { code: "UnknownOperationException" });
  if (!asked.SecretId) throw new ServiceError("You must provide a SecretId.", { code: "InvalidParameterException" });
  return found(findSecret(secretsByName, asked.SecretId), asked);
}

function findSecret(secretsByName: ReadonlyMap<string, Secret>, id: string): Secret {
  const secret = secretsByName.get(id) ?? [...secretsByName.values()].find(({ arn }) => arn === id);
  if (!secret)
    throw new ServiceError("Secrets Manager can't find the specified secret.", { code: "ResourceNotFoundException" });
  return secret;
}

function getSecretValue(secret: Secret, asked: SecretRequest): object {
  const version = versionOf(secret, asked);
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.value,
    VersionStages: [asked.VersionStage ?? "AWSCURRENT"],
    CreatedDate: version.createdAt / 1000,
  };
}

function versionOf(secret: Secret, asked: SecretRequest): Version {
  const stage = asked.VersionStage ?? "AWSCURRENT";
  const version = { AWSCURRENT: secret.current, AWSPREVIOUS: secret.previous }[stage];
  if (version !== undefined) return version;
  throw new ServiceError(`Secrets Manager can't find the specified secret value for staging label: ${stage}`, {
    code: "ResourceNotFoundException",
  });
}

function putSecretValue(secret: Secret, { SecretString }: SecretRequest): object {
  if (!SecretString) throw new ServiceError("You must provide a SecretString.", { code: "InvalidRequestException" });
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: putValue(secret, SecretString),
    VersionStages: ["AWSCURRENT"],
  };
}

function answer(response: ServerResponse, act: () => object): void {
  try {
    sendJson(response, 200, act());
  } catch (error) {
    const code = error instanceof ServiceError ? error.code : "InternalServiceError";
    const message = error instanceof Error ? error.message : String(error);
    sendJson(response, code === "InternalServiceError" ? 500 : 400, { __type: code, Message: message });
  }
}
