import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Hold } from "../../lambda/core/controls.ts";
import type { Outcome } from "../../lambda/core/flip/outcome.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import { judge, type Recorded } from "./oracle.ts";
import { type CheckResult, renderCheck } from "./render-check.ts";
import { type Services, TABLE_NAME } from "./services.ts";

/** Compares the emulator's customers with their state before the rollout, with the ledger and with the report. */
export async function checkRollout(report: Report, { flags }: Before, services: Services): Promise<CheckResult> {
  const { emulator } = services;
  const { rolloutId, rollback } = report;
  const recorded = await withLedger(services, async (ledger) => ({
    outcomes: await collect(ledger.readOutcomes(rolloutId)),
    ...(rollback !== undefined && { restores: await collect(ledger.readRestoreOutcomes(rolloutId)) }),
  }));
  const claims = { report, before: flags, ...recorded, accountIds: [emulator.accountId] };
  return renderCheck(judge(claims, await Array.fromAsync(emulator.readCustomers())));
}

/** The emulator's state before the rollout. */
export interface Before {
  /** The flags of all customers, also of the other account. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** In the rollout's account. */
  readonly customers: number;
  readonly onStaging: number;
}

export async function readBefore({ emulator }: Services): Promise<Before> {
  const customers = await Array.fromAsync(emulator.readCustomers());
  const ours = customers.filter(({ accountId }) => accountId === emulator.accountId);
  return {
    flags: new Map(customers.map(({ id, isStaging }) => [id, isStaging])),
    customers: ours.length,
    onStaging: ours.filter(({ isStaging }) => isStaging).length,
  };
}

/** The hold on a release, as the ledger has it. */
export function findHoldOf(release: string, services: Services): Promise<Hold | undefined> {
  return withLedger(services, async (ledger) => (await ledger.readControls()).holds[release]);
}

/** The recorded outcomes of each customer: exactly one, unless the ledger is wrong. */
async function collect(items: AsyncIterable<readonly Outcome[]>): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  return Map.groupBy((await Array.fromAsync(items)).flat(), ({ customerId }) => customerId);
}

async function withLedger<Result>(
  { dynamodb, emulator }: Services,
  read: (ledger: ReturnType<typeof createLedger>) => Promise<Result>,
): Promise<Result> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: dynamodb, region: "us-east-1", credentials });
  try {
    return await read(createLedger(openTable(client, TABLE_NAME), emulator.address));
  } finally {
    client.destroy();
  }
}
