import type { CommandRecord } from "../../lambda/core/gate/apply-commands.ts";
import { startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { execute } from "../support/execute.ts";
import { afterEach, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { rememberFlags } from "../support/truth.ts";
import { startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ABORT: CommandRecord = {
  ...{ id: "late", command: "abort", rollback: true, requestedBy: "ann", reason: "calls drop" },
  at: "2026-11-23T00:00:00Z",
};

let world: World;

afterEach(() => world.close());

test.each([
  ["every customer is restored", true, "rolled-back", 0],
  ["every customer stays", false, "aborted", 6],
] as const)(
  "an abort after the last poll of the last gate, before its publication: %s",
  async (_what, rollback, status, moved) => {
    world = await startWorld({ customers: 6, stagingShare: 1 });
    const before = rememberFlags(world);
    const ledger = openLedger(world);
    const proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.address;
    let isVerified = false;
    proxy.listener = async ({ operation, body, phase }) => {
      if (phase !== "done") return undefined;
      if (body.includes('\\"change\\":\\"wave done\\"')) isVerified = true;
      else if (isVerified && operation === "BatchGetItem") {
        isVerified = false;
        await ledger.addCommand("night", { ...ABORT, rollback });
      }
      return undefined;
    };

    const { report } = await execute(world, PROMOTE, { name: "one" });
    await proxy.close();

    expect(report).toMatchObject({ status, problems: [{ code: "aborted", by: "ann", why: "calls drop" }] });
    const publish = [...rememberFlags(world)].filter(([id, flag]) => before.get(id) !== flag);
    expect(publish).toHaveLength(moved);
    const gates = world.eventBridge
      .events()
      .map(({ detail }) => detail as { readonly change: string; readonly decision?: string })
      .filter(({ change }) => change === "gate decided");
    expect(gates.map(({ decision }) => decision)).toEqual(["proceed", rollback ? "roll back" : "halt"]);
  },
);

test("an abort after the failure budget halted a rollout restores its last flips", async () => {
  world = await startWorld({ customers: 12, stagingShare: 1 });
  const ledger = openLedger(world);
  let posts = 0;
  world.emulator.onRequest(async ({ operation, phase, customerId = "" }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
    posts += 1;
    if (posts === 4) world.emulator.removeCustomer(customerId);
    if (posts !== 5) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
    await ledger.addCommand("night", ABORT);
  });

  const { report } = await execute(
    world,
    { ...PROMOTE, onFailure: "halt" },
    { name: "one", policy: { failureBudget: 0, concurrency: 2, smallestSample: 1 } },
  );

  expect(report).toMatchObject({ status: "rolled-back", rollback: { failed: 0 } });
  expect(report?.problems).toMatchObject([
    { code: "aborted", by: "ann", why: "calls drop" },
    { code: "failure-budget", failed: 1 },
  ]);
});
