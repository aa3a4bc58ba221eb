import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { parsePolicy } from "../../lambda/config.ts";
import type { Outcome } from "../../lambda/core/flip/outcome.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { fromBatchItem } from "../../lambda/ledger/batch-item.ts";
import { createWorker } from "../../lambda/worker.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../local/emulator/emulator.ts";
import { captureOutput } from "./capture-output.ts";
import { type LedgerWorld, TABLE } from "./ledger.ts";
import { type Executed, runHandler } from "./run-handler.ts";
import { type StandIns, startStandIns } from "./stand-ins.ts";

export interface WorldOptions extends EmulatorOptions {
  /** What differs from the tests' usual policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** What a run of the shipped handler came to; `report` is missing where the execution failed. */
export type Run = Executed & { readonly report: Report };

interface Login {
  readonly userName: string;
  readonly password: string;
}

/** Everything around the worker, on loopback: Evo Voice, Secrets Manager, DynamoDB, CloudWatch, EventBridge, SNS and Lambda's word on executions. */
export interface World extends LedgerWorld, StandIns {
  readonly emulator: Emulator;
  /** Runs the handler; each call is a worker with an empty memory, as after a cold start. */
  run(event: unknown, policy?: Readonly<Record<string, unknown>>): Promise<Run>;
  /** A worker that keeps its memory between runs, as a warm one. */
  startWorker(policy?: Readonly<Record<string, unknown>>): { run(event: unknown): Promise<Run> };
  /** Puts a new version into the secret; gives its id. The password must stand nowhere, like any. */
  putSecret(login: Login): string;
  /** A new password in Evo Voice and in the secret; sessions stay. */
  rotatePassword(password: string): void;
  /** Every item of the ledger. */
  readLedger(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Lines that the worker has logged. */
  logs(): readonly string[];
  /** Ends everything, after a search for secrets in all that was written anywhere. */
  close(): Promise<void>;
}

export const SECRET = "evo-voice/login";
/** What a worker of a world works with, besides its policy. */
export const PARTS = {
  tableName: TABLE,
  secretId: SECRET,
  eventBus: "default",
  topicArn: "arn:aws:sns:us-east-1:000000000000:cutover",
} as const;

/** Fast, and without waits that only a real server needs. */
const USUAL_POLICY = {
  strategy: "all-at-once",
  requestsPerSecond: 10_000,
  startRequestsPerSecond: 5_000,
  retries: { requestTimeoutMs: 1_000, mostBackoffMs: 20 },
};

export async function startWorld({ policy: policyChanges = {}, ...options }: WorldOptions): Promise<World> {
  const emulator = await startEmulator(options);
  const { userName, password, address: baseUrl, accountId, sessionIds } = emulator;
  const standIns = await startStandIns({ [SECRET]: JSON.stringify({ userName, password }) });
  const { environment, secrets, executions, eventBridge, sns } = standIns;
  const toPolicy = (changes: Readonly<Record<string, unknown>>) =>
    parsePolicy({ baseUrl, accountIds: [accountId], ...USUAL_POLICY, ...policyChanges, ...changes });
  const output = captureOutput();
  const written: unknown[] = [];
  let runs = 0;
  const readLedger = () => scan(environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const laterPasswords: string[] = [];
  const putSecret = (login: Login) => {
    laterPasswords.push(login.password);
    return secrets.putSecretValue(SECRET, JSON.stringify(login));
  };
  const startWorker = (changes: Readonly<Record<string, unknown>> = {}) => {
    const handler = createWorker({ policy: toPolicy(changes), ...PARTS });
    return {
      async run(event: unknown): Promise<Run> {
        runs += 1;
        const ended = await runHandler({
          handler,
          executions,
          event,
          name: `execution-${runs}`,
          onSkip: emulator.skip,
        });
        written.push(ended);
        return ended as Run;
      },
    };
  };

  return {
    ...standIns,
    emulator,
    policy: toPolicy({}),
    logs: output.lines,
    readLedger,
    run: (event, changes) => startWorker(changes).run(event),
    startWorker,
    putSecret,
    rotatePassword(password) {
      emulator.setPassword(password);
      putSecret({ userName, password });
    },
    async close() {
      const told = [eventBridge.events(), sns.messages()];
      const everything = JSON.stringify([output.lines(), written, told, await readLedger()]);
      output.restore();
      await Promise.all([emulator.close(), standIns.close()]);
      expectNoSecrets(everything, { password, laterPasswords, sessionIds });
    },
  };
}

interface Secrets {
  readonly password: string;
  readonly laterPasswords?: readonly string[];
  sessionIds(): readonly string[];
}

/** Fails when a password, a cookie or a session id stands in a text, as it is or as it would stand in JSON or base64. */
export function expectNoSecrets(text: string, { password: first, laterPasswords = [], sessionIds }: Secrets): void {
  const passwords = [first, ...laterPasswords];
  const coded = passwords.flatMap((password) => [
    JSON.stringify(password).slice(1, -1),
    encodeURIComponent(password),
    btoa(password),
  ]);
  for (const secret of [...passwords, ...coded, "ss-id", "ss-pid", ...sessionIds()]) {
    const at = text.indexOf(secret);
    if (at >= 0) throw new Error(`a secret stands in: …${text.slice(Math.max(0, at - 200), at + 200)}…`);
  }
}

/** The outcome of every customer of a rollout, from the ledger. */
export async function readOutcomes(
  { readLedger }: Pick<World, "readLedger">,
  rolloutId: string,
): Promise<ReadonlyMap<string, Pick<Outcome, "outcome" | "reason">>> {
  const outcomes = new Map<string, Pick<Outcome, "outcome" | "reason">>();
  for (const item of await readLedger()) {
    if (item.pk !== `rollout#${rolloutId}` || !/^(batch|settled)#/.test(String(item.sk))) continue;
    for (const { customerId: id, outcome, reason } of fromBatchItem(item).outcomes) {
      if (outcomes.has(id)) throw new Error(`customer ${id} has two outcomes`);
      outcomes.set(id, { outcome, reason });
    }
  }
  return outcomes;
}

/** What became of every customer of a rollout that was to be turned back, from the ledger. */
export async function readReverts(
  { readLedger }: Pick<World, "readLedger">,
  rolloutId: string,
): Promise<ReadonlyMap<string, Outcome>> {
  const batches = (await readLedger()).filter(
    ({ pk, sk }) => pk === `rollout#${rolloutId}` && String(sk).startsWith("batch#"),
  );
  return new Map(batches.flatMap((batch) => fromBatchItem(batch).rollback).map((one) => [one.customerId, one]));
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
