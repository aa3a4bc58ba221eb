import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudWatch, startCloudWatch } from "../aws/cloud-watch.ts";
import { type CodePipeline, startCodePipeline } from "../aws/code-pipeline.ts";
import { startDynamoDb } from "../aws/dynamodb.ts";
import { localAwsEnvironment } from "../aws/environment.ts";
import { type EventBridge, startEventBridge } from "../aws/event-bridge.ts";
import { type LambdaExecutions, type LambdaOptions, startLambdaExecutions } from "../aws/lambda-executions.ts";
import { startSecretsManager } from "../aws/secrets-manager.ts";
import { WORKER_ARN } from "../sandbox/functions.ts";
import type { StartOptions } from "./command-line.ts";
import { type EmulatorProcess, startEmulatorProcess } from "./emulator-process.ts";
import { toLocalPolicy } from "./local-policy.ts";
import { ALARM } from "./scenario.ts";
import { makeSigningSecrets, SIGNING_SECRET_IDS, SOURCES, type WebhookTrigger } from "./trigger.ts";

export const TABLE_NAME = "cutover-ledger";
const SECRET_ID = "evo-voice/login";

/** The services around the worker: Evo Voice in a child process, the AWS services in this process, all on loopback. */
export interface Services {
  readonly emulator: EmulatorProcess;
  readonly executions: LambdaExecutions;
  /** The address of DynamoDB. */
  readonly dynamodb: string;
  readonly cloudWatch: CloudWatch;
  readonly eventBridge: EventBridge;
  readonly pipeline: CodePipeline;
  readonly signingSecrets: Readonly<Record<WebhookTrigger, string>>;
  /** The configuration of the worker and of the doors. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder that is removed at the end. */
  readonly folder: string;
}

type Local = Pick<StartOptions, "customers" | "seed" | "faults" | "requestsPerSecond" | "trigger" | "scenario">;

export interface ServiceOptions extends Local {
  readonly lambda?: LambdaOptions;
  /** Another policy than that of a local run. */
  toPolicy?(local: ReturnType<typeof toLocalPolicy>): unknown;
}

/** Starts all services; the stack closes them, also when a later service fails to start. */
export async function startServices(options: ServiceOptions, stack: AsyncDisposableStack): Promise<Services> {
  const alarms = { [ALARM]: { state: "OK" } } as const;
  const [emulator, dynamodb, executions, cloudWatch, eventBridge, pipeline] = await Promise.all([
    startEmulatorProcess(options, stack),
    closing(startDynamoDb({ tableName: TABLE_NAME }), stack),
    closing(startLambdaExecutions(options.lambda), stack),
    closing(startCloudWatch({ alarms }), stack),
    closing(startEventBridge(), stack),
    closing(startCodePipeline(), stack),
  ]);
  const { userName, password } = emulator;
  const signingSecrets = makeSigningSecrets();
  const secrets = {
    [SECRET_ID]: JSON.stringify({ userName, password }),
    [SIGNING_SECRET_IDS.github]: signingSecrets.github,
    [SIGNING_SECRET_IDS.webhook]: signingSecrets.webhook,
  };
  const secretsManager = await closing(startSecretsManager({ secrets }), stack);
  const folder = makeFolder(stack);
  const policyFile = join(folder, "policy.json");
  const { toPolicy = (local: unknown) => local } = options;
  writeFileSync(policyFile, JSON.stringify(toPolicy(toLocalPolicy(emulator, options)), undefined, 2));
  const environment = {
    ...localAwsEnvironment({
      secretsManager: secretsManager.address,
      lambda: executions.address,
      dynamodb: dynamodb.address,
      cloudWatch: cloudWatch.address,
      eventBridge: eventBridge.address,
      codePipeline: pipeline.address,
    }),
    POWERTOOLS_LOG_LEVEL: "INFO",
    POWERTOOLS_SERVICE_NAME: "cutover-local",
    CUTOVER_TABLE_NAME: TABLE_NAME,
    CUTOVER_SECRET_ID: SECRET_ID,
    CUTOVER_POLICY_FILE: policyFile,
    CUTOVER_EVENT_BUS: "local",
    CUTOVER_WORKER_ARN: WORKER_ARN,
    CUTOVER_WEBHOOK_SECRETS: JSON.stringify({
      [SOURCES.github]: SIGNING_SECRET_IDS.github,
      [SOURCES.webhook]: SIGNING_SECRET_IDS.webhook,
    }),
    CUTOVER_RUN_FOLDER: folder,
    // Executions that a door starts write their checkpoints into this folder.
    TMPDIR: folder,
  };
  const loopback = { emulator, executions, dynamodb: dynamodb.address, cloudWatch, eventBridge, pipeline };
  return { ...loopback, signingSecrets, environment, folder };
}

async function closing<Server extends { close(): Promise<void> }>(
  starting: Promise<Server>,
  stack: AsyncDisposableStack,
): Promise<Server> {
  const server = await starting;
  stack.defer(() => server.close());
  return server;
}

function makeFolder(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "cutover-start-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
