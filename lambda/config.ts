import { readFileSync } from "node:fs";
import * as z from "zod";
import { listShortly } from "./contract/describe.ts";
import { findJson } from "./contract/find-json.ts";
import { Policy } from "./contract/policy.ts";
import { countProblems, findProblems, formatProblems, type Problem } from "./contract/problems.ts";
import { findRepeatedMembers } from "./contract/repeated-members.ts";
import { textMatching } from "./contract/text-matching.ts";

/** A policy or an environment cannot be used; the message lists every problem. */
export class BadConfigError extends Error {
  override readonly name = "BadConfigError";
  /** The problems as data; empty when the message is one sentence. */
  readonly problems: readonly Problem[];
  constructor(message: string, { problems = [], cause }: { problems?: readonly Problem[]; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.problems = problems;
  }
}

/** @throws BadConfigError with all problems at once */
export function parsePolicy(json: unknown): Policy {
  const parsed = Policy.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refuseConfig("the policy", findProblems(parsed.error, json));
}

/** @throws BadConfigError for a file that is missing, is not JSON or is not a policy */
export function readPolicy(path: string): Policy {
  return parsePolicy(parseJson(path, readText(path)));
}

const text = (expected: string) => textMatching(/\S/, expected);

const TableName = text("expected the name of the ledger's table");
const PolicyFile = text("expected the path of the policy file");

const WorkerEnvironment = z.object({
  CUTOVER_TABLE_NAME: TableName,
  CUTOVER_SECRET_ID: text("expected the name or ARN of the Evo Voice secret"),
  CUTOVER_POLICY_FILE: PolicyFile,
  CUTOVER_EVENT_BUS: text("expected the name or ARN of an event bus").optional(),
  CUTOVER_TOPIC_ARN: text("expected the ARN of a topic").optional(),
  CUTOVER_DASHBOARD_URL: textMatching(/^https:\/\/\S+$/, "expected the https address of the dashboard").optional(),
});

const DoorEnvironment = z.object({
  CUTOVER_TABLE_NAME: TableName,
  CUTOVER_WORKER_ARN: textMatching(
    /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+:[\w-]+$/,
    "expected the ARN of the worker's alias, which ends with the alias: Lambda does not start a durable function without an alias or a version",
  ),
  CUTOVER_POLICY_FILE: PolicyFile,
});

const SECRETS = 'expected a JSON object of secret ids by webhook source, such as {"github": "cutover/webhook/github"}';

const WebhookEnvironment = DoorEnvironment.extend({
  CUTOVER_WEBHOOK_SECRETS: z
    .string({ error: SECRETS })
    .transform(findJson)
    .pipe(z.record(z.string(), text(SECRETS), { error: SECRETS })),
});

export interface Config {
  readonly tableName: string;
  readonly secretId: string;
  readonly policy: Policy;
  /** The bus that gets rollout events. @default no events */
  readonly eventBus?: string | undefined;
  /** The topic that gets alerts. @default no alerts */
  readonly topicArn?: string | undefined;
  /** The dashboard's page, for alerts. @default no link */
  readonly dashboardUrl?: string | undefined;
}

/** The front door never sees the Evo Voice secret. */
export interface FrontDoorConfig {
  readonly tableName: string;
  readonly workerArn: string;
  readonly policy: Policy;
}

export interface WebhookConfig extends FrontDoorConfig {
  readonly secretIdsBySource: Readonly<Record<string, string>>;
}

/** Reads the worker's environment and the policy file, once. @throws BadConfigError */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const read = readEnvironment(WorkerEnvironment, environment);
  return {
    tableName: read.CUTOVER_TABLE_NAME,
    secretId: read.CUTOVER_SECRET_ID,
    policy: readPolicy(read.CUTOVER_POLICY_FILE),
    eventBus: read.CUTOVER_EVENT_BUS,
    topicArn: read.CUTOVER_TOPIC_ARN,
    dashboardUrl: read.CUTOVER_DASHBOARD_URL,
  };
}

/** Reads the front door's environment and the policy file, once. @throws BadConfigError */
export function readFrontDoorConfig(environment: NodeJS.ProcessEnv = process.env): FrontDoorConfig {
  const read = readEnvironment(DoorEnvironment, environment);
  return {
    tableName: read.CUTOVER_TABLE_NAME,
    workerArn: read.CUTOVER_WORKER_ARN,
    policy: readPolicy(read.CUTOVER_POLICY_FILE),
  };
}

/** Reads the public door's environment and the policy file, once. @throws BadConfigError, also for a source without a secret */
export function readWebhookConfig(environment: NodeJS.ProcessEnv = process.env): WebhookConfig {
  const { CUTOVER_WEBHOOK_SECRETS: secretIdsBySource } = readEnvironment(WebhookEnvironment, environment);
  const config = { ...readFrontDoorConfig(environment), secretIdsBySource };
  const sources = Object.keys(config.policy.webhooks ?? {}).filter((name) => !Object.hasOwn(secretIdsBySource, name));
  if (sources.length === 0) return config;
  const message = `got no secret for ${listShortly(sources)}; expected one for every source of the policy's webhooks`;
  throw refuseConfig("the environment", [{ path: "CUTOVER_WEBHOOK_SECRETS", message }]);
}

function readEnvironment<Schema extends z.ZodType>(schema: Schema, environment: NodeJS.ProcessEnv): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw refuseConfig("the environment", findProblems(parsed.error, environment));
}

export function refuseConfig(what: string, problems: readonly Problem[]): BadConfigError {
  const message = `${what} was refused; ${countProblems(problems)}:\n${formatProblems(problems)}`;
  return new BadConfigError(message, { problems });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new BadConfigError(
      `the policy file ${path} cannot be read (${code}); write one, or correct CUTOVER_POLICY_FILE`,
      { cause },
    );
  }
}

/** A repeated member is refused: of two `protected`, `JSON.parse` silently drops the first. */
function parseJson(path: string, json: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    const [place = ""] = /\(line \d+ column \d+\)/.exec(String(cause)) ?? [];
    const what = json.trim() === "" ? "is empty" : `is not JSON ${place}`.trimEnd();
    throw new BadConfigError(`the policy file ${path} ${what}; correct it`, { cause });
  }
  const repeated = findRepeatedMembers(json);
  if (repeated.length > 0) throw refuseConfig(`the policy file ${path}`, repeated);
  return parsed;
}
