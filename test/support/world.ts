import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "@jest/globals";
import { buildWorker } from "../../lambda/build-worker.ts";
import { parsePolicy } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/events/policy.ts";
import { OUTCOMES } from "../../lambda/rollout/outcome.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import { startDynamoDb } from "../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { type SecretsManager, startSecretsManager } from "../../local/aws/secrets-manager.ts";
import { registerExecutions } from "../../local/durable/register-execution.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../local/evovoice/emulator.ts";
import { captureOutput } from "./capture-output.ts";

export interface WorldOptions extends EmulatorOptions {
  /** What differs from the tests' usual policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** What a run of the shipped handler came to; `error` is that of an execution that failed. */
export interface Run {
  readonly report: Report;
  readonly error: string | undefined;
  /** Names of the durable operations, in order. */
  readonly operations: readonly string[];
}

/** Everything around the worker, on loopback: Evo Voice, Secrets Manager, DynamoDB and Lambda's word on executions. */
export interface World {
  readonly emulator: Emulator;
  readonly secrets: SecretsManager;
  readonly executions: LambdaExecutions;
  readonly policy: Policy;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the handler by the SDK's local runner; each call is a worker with an empty memory, as after a cold start. */
  run(event: unknown, policy?: Readonly<Record<string, unknown>>): Promise<Run>;
  /** Every item of the ledger. */
  readLedger(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Lines that the worker has logged. */
  logs(): readonly string[];
  /** Ends everything, after a search for secrets in all that was written anywhere. */
  close(): Promise<void>;
}

export const TABLE = "ledger";
export const SECRET = "evo-voice/login";

/** Fast, and without waits that only a real server needs. */
const USUAL_POLICY = {
  requestsPerSecond: 10_000,
  startRequestsPerSecond: 5_000,
  retries: { requestTimeoutMs: 1_000, mostBackoffMs: 20 },
};

export async function startWorld({ policy: policyChanges = {}, ...options }: WorldOptions): Promise<World> {
  const emulator = await startEmulator(options);
  const { userName, password, address: baseUrl, accountId } = emulator;
  const secrets = await startSecretsManager({ secrets: { [SECRET]: JSON.stringify({ userName, password }) } });
  const executions = await startLambdaExecutions();
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const environment = localAwsEnvironment({
    secretsManager: secrets.address,
    lambda: executions.address,
    dynamodb: dynamodb.address,
  });
  Object.assign(process.env, environment);
  const toPolicy = (changes: Readonly<Record<string, unknown>>) =>
    parsePolicy({ baseUrl, accountIds: [accountId], ...USUAL_POLICY, ...policyChanges, ...changes });
  const output = captureOutput();
  const written: unknown[] = [];
  const readLedger = () => scan(dynamodb.address);

  return {
    emulator,
    secrets,
    executions,
    policy: toPolicy({}),
    environment,
    logs: output.lines,
    readLedger,
    async run(event, changes = {}) {
      const handler = buildWorker({ policy: toPolicy(changes), tableName: TABLE, secretId: SECRET });
      const runner = new LocalDurableTestRunner<Report>({ handlerFunction: registerExecutions(handler, executions) });
      const ended = await runner.run({ payload: event });
      const isFailed = ended.getStatus() !== "SUCCEEDED";
      const error = isFailed ? ended.getError().errorMessage : undefined;
      const operations = ended.getOperations();
      written.push(
        isFailed ? error : ended.getResult(),
        operations.map((operation) => operation.getOperationData()),
      );
      return {
        report: ended.getResult() as Report,
        error,
        operations: operations.map((operation) => operation.getName() ?? ""),
      };
    },
    async close() {
      const everything = JSON.stringify([output.lines(), written, await readLedger()]);
      output.restore();
      await Promise.all([emulator.close(), secrets.close(), executions.close(), dynamodb.close()]);
      expectNoSecrets(everything, emulator);
    },
  };
}

/** Fails when a password, a cookie or a session id stands in a text. */
export function expectNoSecrets(
  text: string,
  { password, sessionIds }: Pick<Emulator, "password" | "sessionIds">,
): void {
  for (const secret of [password, "ss-id", "ss-pid", ...sessionIds()]) {
    if (text.includes(secret))
      expect(`a secret stands in: …${text.slice(Math.max(0, text.indexOf(secret) - 200)).slice(0, 400)}…`).toBe("");
  }
}

/** The outcome of every customer of a rollout, from the ledger. */
export async function readOutcomes(
  { readLedger }: Pick<World, "readLedger">,
  rolloutId: string,
): Promise<ReadonlyMap<string, { readonly outcome: string; readonly reason: string }>> {
  const outcomes = new Map<string, { readonly outcome: string; readonly reason: string }>();
  for (const item of await readLedger()) {
    if (item.pk !== `rollout#${rolloutId}` || !/^(batch|settled)#/.test(String(item.sk))) continue;
    for (const [id, , kind, reason] of JSON.parse(String(item.outcomes)) as [string, string, number, string][]) {
      if (outcomes.has(id)) throw new Error(`customer ${id} has two outcomes`);
      outcomes.set(id, { outcome: OUTCOMES[kind] ?? "?", reason });
    }
  }
  return outcomes;
}

async function scan(endpoint: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new DynamoDBClient({ endpoint });
  const items: Record<string, unknown>[] = [];
  let start: Record<string, never> | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: TABLE, ...(start && { ExclusiveStartKey: start }) }));
    items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
    start = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (start !== undefined);
  client.destroy();
  return items;
}
