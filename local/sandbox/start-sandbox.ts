import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/contract/policy.ts";
import { RIGHTS } from "../../lambda/contract/rights.ts";
import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import { type CloudWatch, startCloudWatch } from "../aws/cloud-watch.ts";
import { type CodePipeline, startCodePipeline } from "../aws/code-pipeline.ts";
import { startDynamoDb } from "../aws/dynamodb.ts";
import { type AwsAddresses, localAwsEnvironment } from "../aws/environment.ts";
import { type SentEvent, startEventBridge } from "../aws/event-bridge.ts";
import { answerFunctionUrl } from "../aws/function-url.ts";
import { startLambdaExecutions } from "../aws/lambda-executions.ts";
import { type Answer, readBody } from "../aws/loopback.ts";
import { answerQueries } from "../aws/query-services.ts";
import { startSecretsManager } from "../aws/secrets-manager.ts";
import { openJournal } from "../durable/journal.ts";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import { FRONT_DOOR_ARN, WORKER_ARN } from "./functions.ts";
import { saveKept } from "./kept.ts";
import { showPage } from "./page.ts";
import type { SandboxOptions } from "./read-arguments.ts";
import { SANDBOX_POLICY } from "./sandbox-policy.ts";

/** A whole deployment on loopback. */
export interface Sandbox {
  readonly port: number;
  readonly emulator: Emulator;
  /** The address of DynamoDB. */
  readonly dynamodb: string;
  readonly pipeline: CodePipeline;
  /** The names of the policy's alarms. */
  readonly alarms: readonly string[];
  readonly webhooks: readonly SandboxWebhook[];
  setAlarm: CloudWatch["setAlarm"];
  /** Resolves when no rollout runs. */
  settled(): Promise<void>;
}

export interface SandboxWebhook {
  readonly source: string;
  readonly url: string;
  readonly secret: string;
}

export const TABLE_NAME = "cutover-ledger";
const SECRET_ID = "evo-voice/login";

/**
 * Starts a deployment behind one address: Lambda with the shipped worker and front door, CloudFormation with the stack that
 * names the front door, Secrets Manager, STS, the shipped webhook at /webhook/SOURCE, and a page at /. A PUT of
 * /alarms/NAME sets an alarm. With a folder, everything goes on where an earlier start with this folder has ended. One
 * sandbox a process: the functions read their environment once.
 */
export async function startSandbox(
  options: SandboxOptions,
  onChange: (change: RolloutEvent) => void,
  stack: AsyncDisposableStack,
): Promise<Sandbox> {
  const { customers, seed, faults, port, emulatorPort } = options;
  const folder = options.folder ?? makeFolder(stack);
  const at = (name: string) => join(folder, name);
  const kept = (name: string) => (options.folder === undefined ? undefined : at(name));
  mkdirSync(folder, { recursive: true });
  const file = kept("customers.jsonl");
  const emulator = await closing(startEmulator({ customers, seed, faults, port: emulatorPort, file }), stack);
  let others: Answer = notReady;
  const lambda = { port, folder: at("executions"), others: (...request: Parameters<Answer>) => others(...request) };
  const executions = await closing(startLambdaExecutions(lambda), stack);
  saveKept(folder, { ...options, emulatorPort: portOf(emulator) });
  const { baseUrl, accountIds } = { baseUrl: emulator.address, accountIds: [emulator.accountId] };
  const own = { ...(options.policy ?? SANDBOX_POLICY), baseUrl, accountIds };
  writeFileSync(at("policy.json"), JSON.stringify(own, undefined, 2));
  const policy = parsePolicy(own);
  const webhooks = toWebhooks(policy, executions.address);
  const { userName, password } = emulator;
  const secrets = {
    [SECRET_ID]: JSON.stringify({ userName, password }),
    ...Object.fromEntries(webhooks.map(({ source, secret }) => [toSecretId(source), secret])),
  };
  const [dynamodb, cloudWatch, eventBridge, pipeline, secretsManager] = await Promise.all([
    closing(startDynamoDb({ tableName: TABLE_NAME, folder: kept("ledger") }), stack),
    closing(startCloudWatch({}), stack),
    closing(startEventBridge(toListener(onChange)), stack),
    closing(startCodePipeline(), stack),
    closing(startSecretsManager({ secrets }), stack),
  ]);
  const setAlarm = keepAlarms(cloudWatch, policy.alarms, at("alarms.jsonl"));
  // The functions read their environment at their first invocation, and the SDK when it is loaded.
  const servers = { secretsManager, lambda: executions, dynamodb, cloudWatch, eventBridge, codePipeline: pipeline };
  Object.assign(process.env, toEnvironment(servers, webhooks), { CUTOVER_POLICY_FILE: at("policy.json") });
  const worker = await import("../../lambda/worker.ts");
  const frontDoor = await import("../../lambda/front-door.ts");
  const webhook = await import("../../lambda/webhook.ts");
  executions.serve(FRONT_DOOR_ARN, { kind: "plain", handler: frontDoor.handler, aliases: RIGHTS });
  executions.serve(WORKER_ARN, { kind: "durable", handler: worker.handler, speed: options.fast });
  const answerWebhook = answerFunctionUrl(webhook.handler);
  const queries = answerQueries([toStack(emulator.address)]);
  others = async (request, response) => {
    const { method, url = "" } = request;
    if (url.startsWith(`${WEBHOOK}/`)) {
      request.url = url.slice(WEBHOOK.length);
      return answerWebhook(request, response);
    }
    if (method === "PUT") return answerAlarm(setAlarm, request, response);
    if (method === "GET") return showPage(folder, request, response);
    const isSecret = String(request.headers["x-amz-target"]).startsWith("secretsmanager.");
    return isSecret ? forward(secretsManager.address, request, response) : queries(request, response);
  };
  return {
    ...{ emulator, pipeline, webhooks, setAlarm, port: portOf(executions), settled: executions.settled },
    dynamodb: dynamodb.address,
    alarms: policy.alarms,
  };
}

function toListener(onChange: (change: RolloutEvent) => void) {
  return ({ detail }: SentEvent) => onChange(RolloutEvent.parse(detail));
}

function toEnvironment(
  servers: Readonly<Record<Exclude<keyof AwsAddresses, "sns">, { readonly address: string }>>,
  webhooks: readonly SandboxWebhook[],
) {
  const addresses = Object.fromEntries(Object.entries(servers).map(([name, { address }]) => [name, address]));
  return {
    ...localAwsEnvironment(addresses),
    POWERTOOLS_LOG_LEVEL: "ERROR",
    POWERTOOLS_METRICS_DISABLED: "true",
    CUTOVER_TABLE_NAME: TABLE_NAME,
    CUTOVER_SECRET_ID: SECRET_ID,
    CUTOVER_EVENT_BUS: "local",
    CUTOVER_WORKER_ARN: WORKER_ARN,
    CUTOVER_WEBHOOK_SECRETS: JSON.stringify(
      Object.fromEntries(webhooks.map(({ source }) => [source, toSecretId(source)])),
    ),
  };
}

function makeFolder(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "cutover-sandbox-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function closing<Server extends { close(): Promise<void> }>(
  starting: Promise<Server>,
  stack: AsyncDisposableStack,
): Promise<Server> {
  const server = await starting;
  stack.defer(() => server.close());
  return server;
}

function portOf({ address }: { readonly address: string }): number {
  return Number(new URL(address).port);
}

const WEBHOOK = "/webhook";

/** A source has the same secret at each start, so that its sender is set up once. */
function toWebhooks({ webhooks = {} }: Policy, address: string): readonly SandboxWebhook[] {
  return Object.entries(webhooks).map(([source, { kind }]) => {
    const bytes = createHash("sha256").update(`the sandbox's source ${source}`).digest();
    const secret = kind === "github" ? bytes.toString("hex") : `whsec_${bytes.toString("base64")}`;
    return { source, url: `${address}${WEBHOOK}/${source}`, secret };
  });
}

function toSecretId(source: string): string {
  return `cutover/webhook/${source}`;
}

function toStack(baseUrl: string) {
  const outputs = { FrontDoorFunctionName: FRONT_DOOR_ARN, BaseUrl: baseUrl, LoginSecret: SECRET_ID };
  return { name: "cutover-sandbox", outputs };
}

/** To a stand-in that listens at an address of its own. */
async function forward(address: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = { "x-amz-target": String(request.headers["x-amz-target"]) };
  const answered = await fetch(address, { method: "POST", headers, body: await readBody(request) });
  response.writeHead(answered.status, { "content-type": "application/x-amz-json-1.1" });
  response.end(await answered.text());
}

async function notReady(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(503).end();
}

/** Sets the policy's alarms as the file says, or else to OK. Returns what sets one, also in the file. */
function keepAlarms({ setAlarm }: CloudWatch, names: readonly string[], file: string): CloudWatch["setAlarm"] {
  const journal = openJournal<Parameters<typeof setAlarm>>(file);
  const kept = new Map(journal.entries);
  for (const name of new Set([...names, ...kept.keys()])) setAlarm(name, kept.get(name) ?? { state: "OK" });
  return (...change) => {
    setAlarm(...change);
    journal.append(change);
  };
}

const STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"] as const;

async function answerAlarm(
  setAlarm: CloudWatch["setAlarm"],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, name] = /^\/alarms\/([^/]+)$/.exec(request.url ?? "") ?? [];
  const body = (await readBody(request)).trim();
  const state = STATES.find((each) => each === body);
  if (name === undefined || state === undefined) {
    response.writeHead(400).end(`expected /alarms/NAME, with one of ${STATES.join(", ")}\n`);
    return;
  }
  setAlarm(decodeURIComponent(name), { state, reason: "set by hand" });
  response.end(`alarm ${name} is ${state}\n`);
}
