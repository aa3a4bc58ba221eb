import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { parsePolicy } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/contract/policy.ts";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import { startDynamoDb } from "../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";

export const TABLE = "ledger";

export type Ledger = ReturnType<typeof createLedger>;

/** Where a ledger is, and whose. */
export interface LedgerWorld {
  readonly environment: Readonly<Record<string, string>>;
  readonly policy: Policy;
}

/** The ledger of a world, as another process would see it. */
export function openLedger({ environment, policy }: LedgerWorld): Ledger {
  const client = new DynamoDBClient({ endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB ?? "" });
  return createLedger(openTable(client, TABLE), policy.baseUrl);
}

export interface ClosableLedgerWorld extends LedgerWorld {
  close(): Promise<void>;
}

/** A world with a ledger on loopback and nothing else, for steps whose other ports are faked: it is loaded in half the time. */
export async function startLedgerWorld(policy: Readonly<Record<string, unknown>> = {}): Promise<ClosableLedgerWorld> {
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const environment = localAwsEnvironment({ dynamodb: dynamodb.address });
  Object.assign(process.env, environment);
  return {
    environment,
    policy: parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["account"], ...policy }),
    close: () => dynamodb.close(),
  };
}
