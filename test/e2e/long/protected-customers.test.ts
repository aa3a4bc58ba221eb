import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { openLedger } from "../../support/ledger.ts";
import { readOutcomes, readReverts, startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ANN = { requestedBy: "ann", reason: "a launch", at: "2026-11-23T00:00:00Z" };
const POST = "SetCustomerStagingMode";
const ORDERED = { code: "protected-by-control" };

let world: World;
/** Both on staging. */
let family: { readonly parent: string; readonly child: string };

beforeEach(async () => {
  world = await startWorld({ customers: 20, stagingShare: 1 });
  const { id: parent } = world.emulator.addCustomer({ isStaging: true });
  family = { parent, child: world.emulator.addCustomer({ isStaging: true, parentCustomerId: parent }).id };
});
afterEach(() => world.close());

const protect = (id: string) => openLedger(world).changeControls({ ...ANN, change: "protect", customerIds: [id] });
const isStaging = (id: string) => world.emulator.customer(id)?.isStaging;
const ours = () =>
  [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId).length;

async function expectSkipped(customerId: string): Promise<void> {
  expect((await readOutcomes(world, "night")).get(customerId)).toEqual({ outcome: "skipped", reason: ORDERED });
  expect(isStaging(customerId)).toBe(true);
}

describe("a customer that a control protects before the plan", () => {
  test("is skipped by the plan, also by that of a dry run; its parent is flipped", async () => {
    await protect(family.child);

    const { report: planned } = await execute(world, { ...PROMOTE, id: "dry", dryRun: true }, { name: "dry" });
    const { report } = await execute(world, PROMOTE, { name: "one" });

    const flip = ours() - 1;
    for (const each of [planned, report])
      expect(each).toMatchObject({
        plan: { flip, skipped: 1, waves: [{ customers: flip }] },
        skippedBy: [{ ...ORDERED, customers: 1 }],
      });
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: flip, skipped: 1 } });
    await expectSkipped(family.child);
    expect(isStaging(family.parent)).toBe(false);
  });
});

test("a customer that a control protects after the plan is not flipped", async () => {
  const [first = ""] = [...world.emulator.customers()].flatMap(({ id, accountId }) =>
    accountId === world.emulator.accountId && id !== family.child && id !== family.parent ? id : [],
  );
  const off = world.emulator.onRequest(async ({ operation, phase }) => {
    if (operation !== POST || phase !== "answered") return;
    off();
    await protect(family.child);
  });

  const { report } = await execute(
    world,
    { ...PROMOTE, strategy: { waves: [{ cohort: "first" }, { rest: true }] } },
    { name: "one", policy: { cohorts: { first: { customerIds: [first] } } } },
  );

  expect(report).toMatchObject({ plan: { flip: ours() }, counts: { flipped: ours() - 1, skipped: 1 } });
  await expectSkipped(family.child);
});

test("a rollback leaves a customer as it is while a control protects it", async () => {
  await execute(world, PROMOTE, { name: "one" });
  await protect(family.child);
  const rollback = { action: "rollback", rolloutId: "night" };

  const { report } = await execute(world, { ...rollback, id: "rollback" }, { name: "two" });
  const reverts = await readReverts(world, "night");
  await openLedger(world).changeControls({ ...ANN, change: "unprotect", customerIds: [family.child] });
  const { report: again } = await execute(world, { ...rollback, id: "again" }, { name: "three" });

  expect(report?.rollback).toEqual({ restored: ours() - 1, conflicting: 1, failed: 0 });
  expect(reverts.get(family.child)).toMatchObject({ outcome: "skipped", reason: ORDERED });
  expect(again?.rollback).toMatchObject({ conflicting: 0, failed: 0 });
  expect([family.parent, family.child].map(isStaging)).toEqual([true, true]);
});
