import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { parsePolicy } from "../lambda/config.ts";
import { type CandidateWave, createCandidates } from "../lambda/core/plan/candidates.ts";
import { countIndexItems, toIndexItems } from "../lambda/core/plan/customer-index.ts";
import { type Plan, planRollout, toBatches, toSettled } from "../lambda/core/plan/plan.ts";
import type { CustomerFound } from "../lambda/front-door/find-customer.ts";
import { createFrontDoor } from "../lambda/front-door.ts";
import { createLedger } from "../lambda/ledger/ledger.ts";
import { openTable } from "../lambda/ledger/table.ts";
import { startDynamoDb } from "../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../local/aws/environment.ts";
import { FRONT_DOOR_ARN } from "../local/sandbox/functions.ts";
import { median, printFigures, round } from "./support/figures.ts";
import { nameCustomer } from "./support/names.ts";
import { TABLE } from "./support/worker.ts";

const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "100000" },
    rollouts: { type: "string", default: "50" },
    searches: { type: "string", default: "20" },
  },
});
const [customers, rollouts, searches] = [values.customers, values.rollouts, values.searches].map(Number) as [
  number,
  number,
  number,
];

const dynamodb = await startDynamoDb({ tableName: TABLE });
Object.assign(process.env, localAwsEnvironment({ dynamodb: dynamodb.address }));
const policy = parsePolicy({ baseUrl: "https://evovoice.example", accountIds: ["account"] });
const ledger = createLedger(openTable(new DynamoDBClient(), TABLE), policy.baseUrl);

const waves = toWaves();
const plan = planRollout({ action: "promote", release: "release-1" }, waves);
for (let index = 0; index < rollouts; index += 1) await write(`rollout-${index}`, plan, waves);

const door = createFrontDoor({
  policy,
  tableName: TABLE,
  workerArn: "arn:aws:lambda:us-east-1:000000000000:function:w:live",
});
const milliseconds: number[] = [];
for (let search = 0; search < searches; search += 1) {
  const { id, referenceId } = toCustomer((search * 7_919) % customers);
  const startedMs = performance.now();
  const asked = { command: "customer", ...(search % 2 === 0 ? { customerId: id } : { referenceId }) };
  const found = (await door(asked, { invokedFunctionArn: FRONT_DOOR_ARN, awsRequestId: "bench" })) as CustomerFound;
  milliseconds.push(performance.now() - startedMs);
  if (found.rollouts.length !== rollouts) throw new Error(`found ${found.rollouts.length} rollouts`);
}
printFigures({
  customers,
  rollouts,
  "items of a plan": plan.batches + plan.settledItems,
  "items of its index": countIndexItems(plan),
  "median milliseconds": round(median(milliseconds)),
  "slowest milliseconds": round(Math.max(...milliseconds)),
});
await dynamodb.close();

function toCustomer(index: number) {
  return { ...nameCustomer(index), referenceId: `REF-${String(index).padStart(6, "0")}` };
}

function toWaves(): readonly CandidateWave[] {
  const candidates = createCandidates({ release: "release-1", wantedFlag: false });
  for (let index = 0; index < customers; index += 1) candidates.add({ ...toCustomer(index), isStaging: index % 3 > 0 });
  return candidates.toWaves(() => [{ size: { kind: "rest" }, bakeSeconds: 0 }]);
}

/** What the plan step of a rollout writes. */
async function write(rolloutId: string, of: Plan, planned: readonly CandidateWave[]): Promise<void> {
  const event = { action: "promote", release: "release-1", targets: [{ all: true }], dryRun: false } as const;
  const record = {
    rolloutId,
    fingerprint: "f",
    execution: "arn",
    event,
    startedAtMs: Date.now(),
    status: "running",
  } as const;
  await ledger.createRollout(record);
  for (const [index, batch] of [...toBatches(planned)].entries()) await ledger.putBatch(rolloutId, index, batch);
  for (const [index, outcomes] of [...toSettled(planned)].entries())
    await ledger.putSettled(rolloutId, index, outcomes);
  for (const [index, entries] of [...toIndexItems(planned, countIndexItems(of))].entries())
    await ledger.putCustomerIndex(rolloutId, index, entries);
  await ledger.notePlan(rolloutId, of);
}
