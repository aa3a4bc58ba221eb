import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDynamoDb } from "../aws/dynamodb.ts";
import { localAwsEnvironment } from "../aws/environment.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../aws/lambda-executions.ts";
import { startSecretsManager } from "../aws/secrets-manager.ts";
import type { StartOptions } from "./command-line.ts";
import { type EmulatorProcess, startEmulatorProcess } from "./emulator-process.ts";
import { toLocalPolicy } from "./local-policy.ts";

export const TABLE_NAME = "cutover-ledger";
const SECRET_ID = "evo-voice/login";

/** Everything around the worker: Evo Voice in a process of its own, the AWS services in this one, all on loopback. */
export interface Surroundings {
  readonly emulator: EmulatorProcess;
  readonly executions: LambdaExecutions;
  /** Where the ledger's table is. */
  readonly dynamodb: string;
  /** What the worker is configured by. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts all of it; the stack takes it down again, also what was started before something failed. */
export async function startSurroundings(options: StartOptions, stack: AsyncDisposableStack): Promise<Surroundings> {
  const [emulator, dynamodb, executions] = await Promise.all([
    startEmulatorProcess(options, stack),
    closing(startDynamoDb({ tableName: TABLE_NAME }), stack),
    closing(startLambdaExecutions(), stack),
  ]);
  const { userName, password } = emulator;
  const login = { [SECRET_ID]: JSON.stringify({ userName, password }) };
  const secretsManager = await closing(startSecretsManager({ secrets: login }), stack);
  const addresses = {
    secretsManager: secretsManager.address,
    lambda: executions.address,
    dynamodb: dynamodb.address,
  };
  return {
    emulator,
    executions,
    dynamodb: dynamodb.address,
    environment: {
      ...localAwsEnvironment(addresses),
      POWERTOOLS_LOG_LEVEL: "INFO",
      CUTOVER_TABLE_NAME: TABLE_NAME,
      CUTOVER_SECRET_ID: SECRET_ID,
      CUTOVER_POLICY_FILE: writeTemporary(toLocalPolicy(emulator, options), stack),
    },
  };
}

async function closing<Server extends { close(): Promise<void> }>(
  starting: Promise<Server>,
  stack: AsyncDisposableStack,
): Promise<Server> {
  const server = await starting;
  stack.defer(() => server.close());
  return server;
}

function writeTemporary(policy: unknown, stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "cutover-start-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "policy.json");
  writeFileSync(file, JSON.stringify(policy, undefined, 2));
  return file;
}
