import type { Strategy } from "../../lambda/contract/strategy.ts";
import { startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { execute } from "../support/execute.ts";
import { openLedger } from "../support/ledger.ts";
import { startWorld, type World } from "../support/world.ts";

/** What AWS would count of one rollout. */
export interface Measured {
  readonly flipped: number;
  /** As AWS meters them, each poll included. */
  readonly durableOperations: number;
  /** Of all waits between waves and before the first, how often they looked at alarms and orders. */
  readonly looks: number;
  readonly largestCheckpointBytes: number;
  readonly ledgerRequests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly ledgerBytes: number;
  /** Of one question for the report so far, when all outcomes are there. */
  readonly readUnitsOfStatus: number;
}

/** The one alarm that is watched. It makes no request to DynamoDB. */
const ALARM = "calls-drop";

/** Runs a rollout that flips this many customers, every one that there is, and counts what it asks of DynamoDB. */
export async function measureRollout(customers: number, strategy: Strategy = "all-at-once"): Promise<Measured> {
  const world = await startWorld({ customers, stagingShare: 1 });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const counter = await startCounter(String(process.env.AWS_ENDPOINT_URL_DYNAMODB));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = counter.address;
  try {
    const event = { action: "promote", release: "2026.11", targets: { all: true }, strategy };
    const options = { invocationMs: 900_000, policy: { alarms: [ALARM] } };
    const { report, metered, largestPayloadBytes } = await execute(world, event, options);
    const counts = { ...counter.counts };
    const readUnitsOfStatus = await measureStatus(world, report?.rolloutId ?? "", counter);
    const ledgerBytes = (await world.readLedger()).reduce(
      (sum, item) => sum + JSON.stringify(item, withBytes).length,
      0,
    );
    return {
      flipped: report?.counts.flipped ?? 0,
      durableOperations: metered,
      looks: world.cloudWatch.calls().length,
      largestCheckpointBytes: largestPayloadBytes,
      ...counts,
      ledgerBytes,
      readUnitsOfStatus,
    };
  } finally {
    await world.close();
    await counter.close();
  }
}

/** A byte of a binary attribute counts as one. */
function withBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? "0".repeat(value.length) : value;
}

interface Consumed {
  readonly CapacityUnits: number;
}

/** Reads every outcome through the counter. */
async function measureStatus(
  { policy }: World,
  rolloutId: string,
  { address, counts }: Awaited<ReturnType<typeof startCounter>>,
): Promise<number> {
  const before = counts.readUnits;
  await Array.fromAsync(
    openLedger({ policy, environment: { AWS_ENDPOINT_URL_DYNAMODB: address } }).readOutcomes(rolloutId),
  );
  return counts.readUnits - before;
}

/** Asks DynamoDB to say what each request consumes, and adds it up. */
async function startCounter(target: string) {
  const counts = { ledgerRequests: 0, writeUnits: 0, readUnits: 0 };
  const proxy = await startDynamoDbProxy(target, { ReturnConsumedCapacity: "TOTAL" });
  proxy.listener = ({ operation, reply }) => {
    if (reply === undefined) return undefined;
    counts.ledgerRequests += 1;
    counts[/PutItem|UpdateItem/.test(operation) ? "writeUnits" : "readUnits"] += toUnits(JSON.parse(reply));
    return undefined;
  };
  return { ...proxy, counts };
}

/** A request for several items says what it consumed of each table; one that was refused says nothing. */
function toUnits({
  ConsumedCapacity: consumed,
}: {
  readonly ConsumedCapacity?: Consumed | readonly Consumed[];
}): number {
  return [consumed ?? { CapacityUnits: 1 }].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}
