import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import { type Check, compareCustomers, type Recorded } from "./compare.ts";
import { type Surroundings, TABLE_NAME } from "./surroundings.ts";

/** What the emulator held before the rollout. */
export interface Before {
  /** Every customer's flag, of the other account too. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** Of the rollout's account. */
  readonly customers: number;
  readonly onStaging: number;
}

export async function readBefore({ emulator }: Surroundings): Promise<Before> {
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
export async function checkRollout(report: Report, { flags }: Before, surroundings: Surroundings): Promise<Check> {
  const { emulator } = surroundings;
  const outcomes = await readOutcomes(report, surroundings);
  return compareCustomers({ report, before: flags, outcomes, accountId: emulator.accountId }, emulator.readCustomers());
}

/** All that the ledger recorded for each customer: one outcome, if all is well. */
async function readOutcomes(
  { rolloutId }: Report,
  { dynamodb, emulator }: Surroundings,
): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: dynamodb, region: "us-east-1", credentials });
  const ledger = createLedger(openTable(client, TABLE_NAME), emulator.address);
  const outcomes = new Map<string, readonly Recorded[]>();
  for await (const recorded of ledger.readOutcomes(rolloutId)) {
    for (const { customerId, outcome, reason } of recorded)
      outcomes.set(customerId, [...(outcomes.get(customerId) ?? []), { outcome, reason }]);
  }
  client.destroy();
  return outcomes;
}
