import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type CloudWatch, startCloudWatch } from "../aws/cloud-watch.ts";
import { type CodePipeline, startCodePipeline } from "../aws/code-pipeline.ts";
import { startDynamoDb } from "../aws/dynamodb.ts";
import { localAwsEnvironment } from "../aws/environment.ts";
import { type EventBridge, startEventBridge } from "../aws/event-bridge.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../aws/lambda-executions.ts";
import { startSecretsManager } from "../aws/secrets-manager.ts";
import type { StartOptions } from "./command-line.ts";
import { type EmulatorProcess, startEmulatorProcess } from "./emulator-process.ts";
import { WORKER_ARN } from "./functions.ts";
import { toLocalPolicy } from "./local-policy.ts";
import { makeRunFolder } from "./run-folder.ts";
import { ALARM } from "./scenario.ts";
import { makeSigningSecrets, SIGNING_SECRET_IDS, SOURCES, type Trigger, type WebhookTrigger } from "./trigger.ts";

export const TABLE_NAME = "cutover-ledger";
const SECRET_ID = "evo-voice/login";

/** Everything around the worker: Evo Voice in a process of its own, the AWS services in this one, all on loopback. */
export interface Services {
  readonly emulator: EmulatorProcess;
  readonly executions: LambdaExecutions;
  /** Where the ledger's table is. */
  readonly dynamodb: string;
  /** What the worker is configured by. */
  readonly environment: Readonly<Record<string, string>>;
  /** When the event takes a way in. */
  readonly triggered?: Triggered;
  /** When a story is played. */
  readonly stage?: Stage;
}

/** What a story needs: an alarm that can go off, and what the worker tells of its rollout. */
export interface Stage {
  readonly cloudWatch: CloudWatch;
  readonly eventBridge: EventBridge;
  /** A folder that is removed in the end. */
  readonly folder: string;
}

/** What is there for a trigger: both sides of a webhook know its secret, and a pipeline waits for its job's answer. */
export interface Triggered {
  readonly trigger: Trigger;
  readonly signingSecrets: Readonly<Record<WebhookTrigger, string>>;
  readonly pipeline: CodePipeline;
}

/** Starts all of it; the stack takes it down again, also what was started before something failed. */
export async function startServices(options: StartOptions, stack: AsyncDisposableStack): Promise<Services> {
  const [emulator, dynamodb, executions] = await Promise.all([
    startEmulatorProcess(options, stack),
    closing(startDynamoDb({ tableName: TABLE_NAME }), stack),
    closing(startLambdaExecutions(), stack),
  ]);
  const { userName, password } = emulator;
  const login = { [SECRET_ID]: JSON.stringify({ userName, password }) };
  const triggered = options.trigger && (await startTriggered(options.trigger, stack));
  const gateConfig = options.scenario && (await startWatched(stack));
  const secrets = { ...login, ...(triggered && toSecrets(triggered)) };
  const secretsManager = await closing(startSecretsManager({ secrets }), stack);
  const addresses = {
    secretsManager: secretsManager.address,
    lambda: executions.address,
    dynamodb: dynamodb.address,
    ...(triggered && { codePipeline: triggered.pipeline.address }),
    ...(gateConfig && { cloudWatch: gateConfig.cloudWatch.address, eventBridge: gateConfig.eventBridge.address }),
  };
  const policyFile = writeTemporary(toLocalPolicy(emulator, options), stack);
  return {
    emulator,
    executions,
    dynamodb: dynamodb.address,
    environment: {
      ...localAwsEnvironment(addresses),
      POWERTOOLS_LOG_LEVEL: "INFO",
      POWERTOOLS_SERVICE_NAME: "cutover-local",
      CUTOVER_TABLE_NAME: TABLE_NAME,
      CUTOVER_SECRET_ID: SECRET_ID,
      CUTOVER_POLICY_FILE: policyFile,
      ...(gateConfig && { CUTOVER_EVENT_BUS: "local" }),
      ...(triggered && {
        CUTOVER_WORKER_ARN: WORKER_ARN,
        CUTOVER_WEBHOOK_SECRETS: JSON.stringify({
          [SOURCES.github]: SIGNING_SECRET_IDS.github,
          [SOURCES.webhook]: SIGNING_SECRET_IDS.webhook,
        }),
        // Executions that are interrupted leave their checkpoints where everything is removed.
        TMPDIR: dirname(policyFile),
      }),
    },
    ...(triggered && { triggered }),
    ...(gateConfig && { stage: { ...gateConfig, folder: dirname(policyFile) } }),
  };
}

async function startWatched(stack: AsyncDisposableStack): Promise<Omit<Stage, "folder">> {
  const alarms = { [ALARM]: { state: "OK" } } as const;
  const [cloudWatch, eventBridge] = await Promise.all([
    closing(startCloudWatch({ alarms }), stack),
    closing(startEventBridge(), stack),
  ]);
  return { cloudWatch, eventBridge };
}

async function startTriggered(trigger: Trigger, stack: AsyncDisposableStack): Promise<Triggered> {
  return { trigger, signingSecrets: makeSigningSecrets(), pipeline: await closing(startCodePipeline(), stack) };
}

function toSecrets({ signingSecrets: { github, webhook } }: Triggered): Readonly<Record<string, string>> {
  return { [SIGNING_SECRET_IDS.github]: github, [SIGNING_SECRET_IDS.webhook]: webhook };
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
  const folder = makeRunFolder(tmpdir());
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "policy.json");
  writeFileSync(file, JSON.stringify(policy, undefined, 2));
  return file;
}
