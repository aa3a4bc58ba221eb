import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CLIENT_OPTIONS } from "../../lambda/aws/client-options.ts";
import { createTransport, type Transport } from "../../lambda/evovoice/transport.ts";
import { createLedger } from "../../lambda/ledger/ledger.ts";
import { openTable } from "../../lambda/ledger/table.ts";
import type { Batch } from "../../lambda/core/flip/batch.ts";
import { hashId } from "../../lambda/core/lookup/completeness.ts";
import type { PlannedCustomer } from "../../lambda/core/plan/plan.ts";
import { TABLE } from "../support/worker.ts";
import { contend, inParallel, signIn } from "./contest.ts";

const PAGE = 250;
const PAGES_A_WINDOW = 4;
const WINDOWS_AT_ONCE = 2;
const LISTED_AT_ONCE = 100;
const BATCH = 250;
const WRITES_AT_ONCE = 8;

/** What is read of a customer, without a look at it. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly isStaging: boolean;
}

/** What each part of the round needs. */
interface Round {
  readonly ask: (request: Parameters<Transport>[0]) => Promise<unknown>;
  readonly ledger: ReturnType<typeof createLedger>;
  readonly rolloutId: string;
  readonly concurrency: number;
}

/**
 * The least that any rollout by these rules does, and nothing else: the same requests over the same transport, each reply
 * parsed, the same items of the ledger. No sign-in that ends, no limiter, no retry, no schema, no judgement, no plan, no
 * durable step: of no use, but for saying how fast the rules let a rollout be.
 */
contend(async ({ emulator, ids, concurrency }) => {
  const transport = createTransport({ baseUrl: emulator.address, timeoutMs: 10_000, connections: concurrency });
  const cookie = await signIn(emulator);
  const ledger = createLedger(openTable(new DynamoDBClient(CLIENT_OPTIONS), TABLE), "least");
  const ask: Round["ask"] = async (request) => JSON.parse((await transport({ ...request, cookie })).text);
  return async (isStaging) => {
    const round = { ask, ledger, rolloutId: `least-${Date.now()}`, concurrency };
    await lookUp(round, emulator.accountId, ids.length);
    const batches = await plan(round);
    await flip(round, batches, isStaging);
    return { flips: ids.length };
  };
});

async function lookUp({ ask, ledger, rolloutId }: Round, accountId: string, customers: number): Promise<void> {
  const pages = Math.ceil(customers / PAGE);
  const windows = Array.from({ length: Math.ceil(pages / PAGES_A_WINDOW) }, (_, index) => index * PAGES_A_WINDOW);
  await inParallel(windows.map(String), WINDOWS_AT_ONCE, async (first) => {
    const replies = await Promise.all(
      Array.from({ length: Math.min(PAGES_A_WINDOW, pages - Number(first)) }, (_, index) => {
        const searchParams = { accountIds: accountId, page: `${Number(first) + index}`, countPerPage: `${PAGE}` };
        return ask({ method: "GET", path: "customers", searchParams });
      }),
    );
    const rows = replies.flatMap((reply) => (reply as { readonly items: readonly Row[] }).items);
    await ledger.putFound(rolloutId, {
      ...{ listing: 0, pass: 1, page: Number(first), references: [] },
      idHashes: Buffer.concat(rows.map(({ id }) => hashId(id))),
      customers: rows.map(({ id, name, accountId: of, isStaging }) => ({ id, name, accountId: of, isStaging })),
    });
  });
}

async function plan({ ledger, rolloutId }: Round): Promise<number> {
  const found: PlannedCustomer[] = [];
  for await (const { customers } of ledger.readFound(rolloutId, 0, 1)) found.push(...customers);
  const batches = Array.from({ length: Math.ceil(found.length / BATCH) }, (_, index) => index);
  await inParallel(batches.map(String), WRITES_AT_ONCE, async (index) => {
    const customers = found.slice(Number(index) * BATCH, (Number(index) + 1) * BATCH);
    await ledger.putBatch(
      rolloutId,
      Number(index),
      customers.map(({ id, name }) => ({ id, name })),
    );
  });
  return batches.length;
}

/** Without a pause between two batches: the next one is prepared while this one is flipped, and each recorded at its end. */
async function flip(round: Round, batches: number, isStaging: boolean): Promise<void> {
  const { ask, ledger, concurrency } = round;
  const recorded: Promise<unknown>[] = [];
  const flips = takeUp(round, batches, (batch) => {
    const outcomes = batch.customers.map(({ id: customerId, name }) => ({
      ...{ customerId, name, outcome: "flipped" as const, reason: "the reply showed it" },
    }));
    recorded.push(ledger.recordBatch({ ...batch, intended: [], outcomes }));
  });
  const worker = async () => {
    for await (const { customerId, done } of flips) {
      const path = `customers/${customerId}/staging`;
      const reply = (await ask({ method: "POST", path, json: { customerId, isStaging } })) as Row;
      if (reply.id !== customerId || reply.isStaging !== isStaging) throw new Error(`${customerId} was not flipped`);
      done();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await Promise.all(recorded);
}

async function* takeUp(round: Round, batches: number, onDone: (batch: Batch) => void) {
  let ahead = prepare(round, 0);
  for (let index = 0; index < batches; index += 1) {
    const batch = await ahead;
    if (index + 1 < batches) ahead = prepare(round, index + 1);
    let left = batch.intended.length;
    const done = () => {
      left -= 1;
      if (left === 0) onDone(batch);
    };
    for (const customerId of batch.intended) yield { customerId, done };
  }
}

async function prepare({ ask, ledger, rolloutId }: Round, index: number): Promise<Batch> {
  const batch = await ledger.getBatch(rolloutId, index);
  const ids = batch.customers.map(({ id }) => id);
  const lists: string[][] = [];
  for (let from = 0; from < ids.length; from += LISTED_AT_ONCE) lists.push(ids.slice(from, from + LISTED_AT_ONCE));
  const list = (of: Readonly<Record<string, string>>) => {
    const searchParams = { ...of, countPerPage: `${LISTED_AT_ONCE}`, page: "0" };
    return ask({ method: "GET", path: "customers", searchParams });
  };
  // Themselves, and who is below them.
  await Promise.all(
    lists.flatMap((some) => [list({ specificIds: some.join() }), list({ parentCustomerIds: some.join() })]),
  );
  const written = await ledger.recordBatch({ ...batch, intended: ids });
  await ledger.readGateInputs(rolloutId);
  return written;
}
