import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import type { Outcome } from "../../lambda/rollout/outcome.ts";
import type { Hold } from "../../lambda/rollout/records.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import { type Check, compareCustomers, type Recorded } from "./compare.ts";
import { type Services, TABLE_NAME } from "./services.ts";

/** What the emulator held before the rollout. */
export interface Before {
  /** Every customer's flag, of the other account too. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** Of the rollout's account. */
  readonly customers: number;
  readonly onStaging: number;
}

export async function readBefore({ emulator }: Services): Promise<Before> {
  const flags = new Map<string, boolean>();
  let [customers, onStaging] = [0, 0];
  for await (const { id, accountId, isStaging } of emulator.readCustomers()) {
    flags.set(id, isStaging);
    if (accountId !== emulator.accountId) continue;
    customers += 1;
    if (isStaging) onStaging += 1;
  }
  return { flags, customers, onStaging };
}

/** Compares what Evo Voice's customers are now with what they were, what the ledger says and what the report says. */
export async function checkRollout(report: Report, { flags }: Before, services: Services): Promise<Check> {
  const { emulator } = services;
  const { rolloutId, reverted } = report;
  const recorded = await withLedger(services, async (ledger) => ({
    outcomes: await collect(ledger.readOutcomes(rolloutId)),
    ...(reverted !== undefined && { reverted: await collect(ledger.readReverted(rolloutId)) }),
  }));
  return compareCustomers(
    { report, before: flags, ...recorded, accountId: emulator.accountId },
    emulator.readCustomers(),
  );
}

/** What holds a release, by the ledger's word. */
export function findHoldOf(release: string, services: Services): Promise<Hold | undefined> {
  return withLedger(services, async (ledger) => (await ledger.readOrders()).holds[release]);
}

/** All that the ledger recorded for each customer: one outcome, if all is well. */
async function collect(items: AsyncIterable<readonly Outcome[]>): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const outcomes = new Map<string, readonly Recorded[]>();
  for await (const recorded of items) {
    for (const { customerId, outcome, reason } of recorded)
      outcomes.set(customerId, [...(outcomes.get(customerId) ?? []), { outcome, reason }]);
  }
  return outcomes;
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
