import { startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { expect, test } from "../../support/jest.ts";
import { createKilledWorker } from "../../support/killed-worker.ts";
import { openLedger } from "../../support/ledger.ts";
import { startWorld } from "../../support/world.ts";

const EVENT = { action: "promote", release: "2026.11", id: "night", targets: { all: true } } as const;

test("a step that ends each of its invocations fails the rollout, and gives the lock back", async () => {
  const world = await startWorld({ customers: 5 });
  const proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const worker = createKilledWorker(world, EVENT, { name: "night", dynamodb: proxy.address });
  try {
    // `begin-flips` notes that this rollout is the last that flips.
    proxy.listener = async ({ operation, body }) => {
      if (operation !== "PutItem" || !body.includes('"flips"')) return undefined;
      await worker.kill();
      return "lose";
    };
    let deaths = 0;
    let report = await worker.run();
    for (; report === undefined && deaths < 20; deaths += 1) report = await worker.run();

    // In the first process, other steps ran before it.
    expect(deaths).toBe(6);
    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "stalled", step: "begin-flips", runs: 5 }],
    });
    expect((await openLedger(world).readControls()).lock).toBeUndefined();
  } finally {
    worker.close();
    await proxy.close();
    await world.close();
  }
});
