import type { IncomingMessage, ServerResponse } from "node:http";
import { memberOf } from "../../lambda/contract/member-of.ts";
import { RIGHTS } from "../../lambda/contract/rights.ts";
import type { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import type { CloudWatch } from "../aws/cloud-watch.ts";
import { type Answer, readBody } from "../aws/loopback.ts";
import { answerQueries } from "../aws/query-services.ts";
import { FRONT_DOOR_ARN, WORKER_ARN } from "../start/functions.ts";
import type { toLocalPolicy } from "../start/local-policy.ts";
import { ALARM } from "../start/scenario.ts";
import { type Services, startServices } from "../start/services.ts";
import { watchChanges } from "../start/watch-changes.ts";
import { showPage } from "./page.ts";
import type { SandboxOptions } from "./read-arguments.ts";

/**
 * Starts a whole deployment on loopback, behind one address: Lambda with the shipped worker and front door, and
 * CloudFormation with the stack that names the front door, Secrets Manager, and STS. A PUT of /alarms/NAME sets an alarm.
 */
export async function startSandbox(
  options: SandboxOptions,
  onChange: (change: RolloutEvent) => void,
  stack: AsyncDisposableStack,
): Promise<Services> {
  let others: Answer = notReady;
  const toPolicy = (local: LocalPolicy) => toSandboxPolicy(local, options.policy);
  const lambda = { port: options.port, others: (...request: Parameters<Answer>) => others(...request) };
  const services = await startServices({ ...options, requestsPerSecond: 50, toPolicy, lambda }, stack);
  const { environment, executions, cloudWatch, emulator, eventBridge } = services;
  for (const name of alarmsOf(options.policy)) cloudWatch.setAlarm(name, { state: "OK" });
  const changes = watchChanges(eventBridge, onChange);
  stack.defer(() => changes.stop());
  const queries = answerQueries([toStack(emulator.address, environment.CUTOVER_SECRET_ID)]);
  others = (request, response) => {
    if (request.method === "PUT") return setAlarm(cloudWatch, request, response);
    if (request.method === "GET") return showPage(services.folder, request, response);
    const isSecret = String(request.headers["x-amz-target"]).startsWith("secretsmanager.");
    return isSecret
      ? forward(environment.AWS_ENDPOINT_URL_SECRETS_MANAGER, request, response)
      : queries(request, response);
  };
  // The functions read their environment at their first invocation, and the SDK when it is loaded.
  Object.assign(process.env, environment, { POWERTOOLS_LOG_LEVEL: "ERROR", POWERTOOLS_METRICS_DISABLED: "true" });
  const worker = await import("../../lambda/worker.ts");
  const frontDoor = await import("../../lambda/front-door.ts");
  executions.serve(WORKER_ARN, { kind: "durable", handler: worker.handler, speed: options.fast });
  executions.serve(FRONT_DOOR_ARN, { kind: "plain", handler: frontDoor.handler, aliases: RIGHTS });
  return services;
}

type LocalPolicy = ReturnType<typeof toLocalPolicy>;

/** The user's policy for the emulator's customers; or one with the pace of a policy's defaults, and three waves. */
export function toSandboxPolicy(local: LocalPolicy, own: object | undefined): object {
  const { baseUrl, accountIds, startRequestsPerSecond: _start, ...rest } = local;
  if (own !== undefined) return { ...own, baseUrl, accountIds };
  const waves = [{ cohort: "canary", bakeMinutes: 5 }, { share: "20%", bakeMinutes: 5 }, { rest: true }];
  return {
    ...rest,
    baseUrl,
    accountIds,
    strategies: { "three-waves": { waves } },
    strategy: "three-waves",
    alarms: [ALARM],
  };
}

/** The alarms that the sandbox's policy names. */
export function alarmsOf(policy: object | undefined): readonly string[] {
  const alarms = policy === undefined ? [ALARM] : memberOf(policy, "alarms");
  return Array.isArray(alarms) ? alarms : [];
}

function toStack(baseUrl: string, login = "") {
  const outputs = { FrontDoorFunctionName: FRONT_DOOR_ARN, BaseUrl: baseUrl, LoginSecret: login };
  return { name: "cutover-sandbox", outputs };
}

/** To a stand-in that listens at an address of its own. */
async function forward(address = "", request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = { "x-amz-target": String(request.headers["x-amz-target"]) };
  const answered = await fetch(address, { method: "POST", headers, body: await readBody(request) });
  response.writeHead(answered.status, { "content-type": "application/x-amz-json-1.1" });
  response.end(await answered.text());
}

async function notReady(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(503).end();
}

const STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"] as const;

async function setAlarm(cloudWatch: CloudWatch, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, name] = /^\/alarms\/([^/]+)$/.exec(request.url ?? "") ?? [];
  const body = (await readBody(request)).trim();
  const state = STATES.find((each) => each === body);
  if (name === undefined || state === undefined) {
    response.writeHead(400).end(`expected /alarms/NAME, with one of ${STATES.join(", ")}\n`);
    return;
  }
  cloudWatch.setAlarm(decodeURIComponent(name), { state, reason: "set by hand" });
  response.end(`alarm ${name} is ${state}\n`);
}
