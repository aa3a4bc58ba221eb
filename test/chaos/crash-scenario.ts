import { expect } from "@jest/globals";
import type { Report } from "../../lambda/core/report/report.ts";
import { type DynamoDbProxy, startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { createKilledWorker, type KilledWorker } from "../support/killed-worker.ts";
import { expectNoSecrets, readOutcomes, startWorld, type World } from "../support/world.ts";

/** 400 customers, most of them on staging: two batches to promote, some who are right already, some protected. */
const CUSTOMERS = { customers: 400, stagingShare: 0.7 } as const;
const EVENT = { action: "promote", release: "2026.11", id: "release-2026-11", targets: { all: true } } as const;
const PROTECTED = { policy: { protected: { tags: ["vip"] } } } as const;

export interface Scene {
  readonly world: World;
  readonly ledger: DynamoDbProxy;
  readonly worker: KilledWorker;
  /** Kills the worker, and keeps what the ledger held at that moment. */
  kill(): Promise<void>;
}

/** Sees to it that the worker is killed at some moment. */
export type Trap = (scene: Scene) => void;

/** How the worker dies, and how many requests that may cost which flip somebody who is flipped already. */
export interface Crash {
  /** Where the n-th process dies, `before:N` or `after:N` a write to its checkpoints; undefined: where the trap kills it. */
  readonly deathOf?: (n: number) => string | undefined;
  readonly trap?: Trap;
  /** @default 0 */
  readonly extraPosts?: number;
}

/**
 * Kills a worker for real, resumes it in a new process until it ends, and compares the end with that of a rollout that
 * nobody killed; answers how many processes died.
 */
export async function expectSameEnd({ deathOf = () => undefined, trap, extraPosts = 0 }: Crash): Promise<number> {
  const world = await startWorld({ ...CUSTOMERS, ...PROTECTED });
  const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const worker = createKilledWorker(world, EVENT, { dynamodb: ledger.address });
  try {
    const before = new Map([...world.emulator.customers()].map(({ id, isStaging }) => [id, isStaging]));
    const posts = countPosts(world);
    const kill = async () => {
      await worker.kill();
      ledger.listener = () => undefined;
    };
    trap?.({ world, ledger, worker, kill });

    let deaths = 0;
    let report = await worker.run(deathOf(1));
    while (report === undefined) {
      deaths += 1;
      const recorded = await readOutcomes(world, EVENT.id);
      const postsBefore = posts.length;
      report = await worker.run(deathOf(deaths + 1));
      expect(posts.slice(postsBefore).filter((id) => recorded.has(id))).toEqual([]);
    }
    await expectEndWithoutCrash(world, before, report);
    expect(posts.length - report.counts.flipped).toBeLessThanOrEqual(extraPosts);
    expectNoSecrets(worker.written(), world.emulator);
    return deaths;
  } finally {
    await worker.kill();
    worker.close();
    await ledger.close();
    await world.close();
  }
}

function countPosts({ emulator }: World): readonly string[] {
  const posts: string[] = [];
  emulator.onRequest(({ operation, phase, customerId = "" }) => {
    if (operation === POST && phase === "arrived") posts.push(customerId);
  });
  return posts;
}

/** Each customer on staging that is not protected was flipped, every other one left alone; one report, the lock given back. */
async function expectEndWithoutCrash(
  world: World,
  before: ReadonlyMap<string, boolean | undefined>,
  report: Report,
): Promise<void> {
  const { emulator } = world;
  const outcomes = await readOutcomes(world, EVENT.id);
  const counts = { flipped: 0, unchanged: 0, skipped: 0 };
  for (const { id, accountId, isStaging, tagNames } of emulator.customers()) {
    const isTarget = accountId === emulator.accountId;
    const wasOnStaging = before.get(id) === true;
    const isSkipped = tagNames.includes("vip");
    const outcome = isSkipped ? "skipped" : rightOutcome(wasOnStaging);
    expect({ id, isStaging, outcome: outcomes.get(id)?.outcome }).toEqual({
      id,
      isStaging: wasOnStaging && (!isTarget || isSkipped),
      outcome: isTarget ? outcome : undefined,
    });
    if (isTarget) counts[outcome] += 1;
  }
  expect(report).toMatchObject({ status: "succeeded", counts: { ...counts, failed: 0, deferred: 0 } });
  const items = await world.readLedger();
  const records = items.filter(({ sk }) => sk === "record");
  expect(records.map((record) => JSON.parse(String(record.report)))).toEqual([report]);
  expect(items.find(({ sk }) => sk === "controls")).not.toHaveProperty("lock");
}

function rightOutcome(wasOnStaging: boolean): "flipped" | "unchanged" {
  return wasOnStaging ? "flipped" : "unchanged";
}

const POST = "SetCustomerStagingMode";

/** At the n-th flip: when it has arrived, is written but not answered, is answered but not recorded. */
export function atPost(n: number, phase: "arrived" | "written" | "answered"): Trap {
  return ({ world, kill }) => {
    let seen = 0;
    world.emulator.onRequest(async (request) => {
      if (request.operation !== POST || request.phase !== phase) return;
      seen += 1;
      if (seen === n) await kill();
    });
  };
}

/** The n-th flip is on its way, and reaches Evo Voice's database only when the resumed worker has sent it again. */
export function atSlowPost(n: number): Trap {
  return ({ world, kill }) => {
    let seen = 0;
    let slow: string | undefined;
    let sentAgain = () => {};
    world.emulator.onRequest(async ({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "arrived") return;
      seen += 1;
      if (seen > n && customerId === slow) sentAgain();
      if (seen !== n) return;
      slow = customerId;
      await kill();
      await new Promise<void>((resolve) => {
        sentAgain = resolve;
      });
    });
  };
}

/** At a batch's write of what is intended, or of what came of it. */
export function atBatchWrite(batch: number, what: "intended" | "came of it", phase: "arrived" | "done"): Trap {
  const n = what === "intended" ? 1 : 2;
  const sk = `batch#${String(batch).padStart(8, "0")}`;
  return ({ ledger, kill }) => {
    let seen = 0;
    ledger.listener = async (request) => {
      const isWrite = request.operation === "UpdateItem" && request.body.includes(sk) && request.phase === phase;
      seen += isWrite ? 1 : 0;
      if (!isWrite || seen !== n) return undefined;
      await kill();
      return "lose";
    };
  };
}

/** When the n-th batch is about to be read afresh. */
export function atReading(n: number): Trap {
  return ({ world, ledger, kill }) => {
    const isSet = { yet: false };
    let read = 0;
    ledger.listener = ({ operation, body, phase }) => {
      if (operation !== "GetItem" || !body.includes("batch#") || phase !== "arrived") return undefined;
      read += 1;
      // The first batch is read once more, to see where the flipping is.
      isSet.yet = read === n + 1;
      return undefined;
    };
    world.emulator.onRequest(async ({ operation, phase }) => {
      if (!isSet.yet || operation !== "ListCustomers" || phase !== "arrived") return;
      isSet.yet = false;
      await kill();
    });
  };
}
