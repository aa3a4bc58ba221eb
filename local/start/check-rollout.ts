import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Outcome } from "../../lambda/core/flip/outcome.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import { type Sandbox, TABLE_NAME } from "../sandbox/start-sandbox.ts";
import { type CustomerState, judge, type Recorded } from "./oracle.ts";
import { type CheckResult, renderCheck } from "./render-check.ts";

/** Compares the emulator's customers with their state before the rollout, with the ledger and with the report. */
export async function checkRollout(report: Report, { flags }: Before, sandbox: Sandbox): Promise<CheckResult> {
  const { address, accountId } = sandbox.emulator;
  const { rolloutId, rollback } = report;
  const client = new DynamoDBClient();
  const ledger = createLedger(openTable(client, TABLE_NAME), address);
  const outcomes = await collect(ledger.readOutcomes(rolloutId));
  const restores = rollback && (await collect(ledger.readRestoreOutcomes(rolloutId)));
  client.destroy();
  const claims = { report, before: flags, outcomes, ...(restores && { restores }), accountIds: [accountId] };
  return renderCheck(judge(claims, await readCustomers(address)));
}

/** The emulator's state before the rollout. */
export interface Before {
  /** The flags of all customers, also of the other account. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** In the rollout's account. */
  readonly customers: number;
  readonly onStaging: number;
}

/** Asks the emulator at an address. */
export async function readBefore(address: string): Promise<Before> {
  const response = await fetch(`${address}/emulator/accounts`);
  const { accountId } = (await response.json()) as { readonly accountId: string };
  const customers = await readCustomers(address);
  const ours = customers.filter((customer) => customer.accountId === accountId);
  return {
    flags: new Map(customers.map(({ id, isStaging }) => [id, isStaging])),
    customers: ours.length,
    onStaging: ours.filter(({ isStaging }) => isStaging).length,
  };
}

async function readCustomers(address: string): Promise<readonly CustomerState[]> {
  const text = await (await fetch(`${address}/emulator/customers`)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CustomerState);
}

/** The recorded outcomes of each customer: exactly one, unless the ledger is wrong. */
async function collect(items: AsyncIterable<readonly Outcome[]>): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  return Map.groupBy((await Array.fromAsync(items)).flat(), ({ customerId }) => customerId);
}
