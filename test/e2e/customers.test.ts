import type { ListedCustomer } from "../../lambda/core/report/listed-customer.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { CustomerFound } from "../../lambda/front-door/find-customer.ts";
import type { CustomersListed } from "../../lambda/front-door/list-customers.ts";
import type { RolloutsListed } from "../../lambda/front-door/list-rollouts.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { afterEach, expect, test } from "../support/jest.ts";

const WAVES = { waves: [{ customers: 300, bakeMinutes: 1 }, { rest: true }] };
const EVENT = { action: "promote", release: "2026.11", targets: { all: true }, exclude: { tags: ["vip"] } };

let door: FrontDoor;
afterEach(() => door.close());

async function readAll(rolloutId: string, filter: object = {}): Promise<readonly ListedCustomer[]> {
  const customers: ListedCustomer[] = [];
  for (let after: number | undefined; ; ) {
    const page: CustomersListed = await ask({ command: "customers", rolloutId, ...filter, ...(after && { after }) });
    customers.push(...page.customers);
    if (page.after === undefined) return customers;
    after = page.after;
  }
}

async function ask<Answer>(command: object): Promise<Answer> {
  return (await door.send(command)) as unknown as Answer;
}

async function run(event: object): Promise<void> {
  await door.send(event);
  await door.world.executions.settled();
}

test("lists each customer once, in a dry run, after the rollout and after its rollback", async () => {
  door = await openFrontDoor({ customers: 1_500, stagingShare: 0.8, policy: { strategy: "all-at-once" } });
  const { emulator } = door.world;
  const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);

  await run({ ...EVENT, strategy: WAVES, dryRun: true, id: "dry" });
  const planned = await readAll("dry");
  expect(planned.map(({ customerId }) => customerId).sort()).toEqual(ours.map(({ id }) => id).sort());
  const flips = planned.filter(({ plannedAction }) => plannedAction === "flip");
  expect(flips.length).toBe(ours.filter(({ isStaging, tagNames }) => isStaging && !tagNames.includes("vip")).length);
  expect(flips.filter(({ outcome }) => outcome !== undefined)).toEqual([]);
  expect(await readAll("dry", { wave: 1 })).toEqual(flips.slice(0, 300));
  expect(planned.filter(({ code }) => code === "excluded").every(({ outcome }) => outcome === "skipped")).toBe(true);

  await run({ ...EVENT, strategy: WAVES, id: "night", requestedBy: "ann" });
  const flipped = await readAll("night", { outcome: "flipped" });
  expect(flipped.map(({ customerId }) => customerId)).toEqual(flips.map(({ customerId }) => customerId));
  expect(flipped[0]).toMatchObject({
    wave: 1,
    plannedAction: "flip",
    code: "confirmed-by-reply",
    message: expect.any(String),
  });
  expect(Date.now() - Date.parse(flipped[0]?.at ?? "")).toBeLessThan(60_000);

  await run({ action: "rollback", rolloutId: "night", id: "back" });
  expect(await readAll("night", { outcome: "flipped" })).toEqual([]);
  expect(await readAll("night", { outcome: "restored" })).toHaveLength(flips.length);

  const listed = await ask<RolloutsListed>({ command: "list", plans: true });
  const { rollouts } = await ask<RolloutsListed>({ command: "list" });
  expect(rollouts).toEqual(listed.rollouts.filter(({ dryRun }) => !dryRun));
  expect(listed.running).toBeUndefined();
  expect(listed.rollouts).toMatchObject([
    { rolloutId: "back", action: "rollback", status: "rolled-back", rollback: { restored: flips.length } },
    { rolloutId: "night", action: "promote", status: "succeeded", requestedBy: "ann" },
    { rolloutId: "dry", status: "planned", dryRun: true },
  ]);
  await run({ ...EVENT, dryRun: true, id: "later" });
  expect(await ask({ command: "status" })).toMatchObject({ rolloutId: "back" });
});

test("finds what the last rollouts did with one customer, by its id and by its reference id", async () => {
  door = await openFrontDoor({ customers: 300, stagingShare: 0.5, policy: { strategy: "all-at-once" } });
  const { emulator } = door.world;
  const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  const flipped = ours.find(({ isStaging, tagNames }) => isStaging && !tagNames.includes("vip"));
  const vip = ours.find(({ isStaging, tagNames }) => isStaging && tagNames.includes("vip"));
  await run({ ...EVENT, dryRun: true, id: "dry" });
  await run({ ...EVENT, id: "night", requestedBy: "ann", reason: "the release is well" });
  await run({ action: "rollback", rolloutId: "night", id: "back", requestedBy: "bob", reason: "calls drop" });

  const byId = await ask<CustomerFound>({ command: "customer", customerId: flipped?.id.toUpperCase() });
  expect(byId).toMatchObject({
    searched: 3,
    rollouts: [
      {
        ...{ rolloutId: "night", requestedBy: "ann", reason: "the release is well", wave: 1, outcome: "restored" },
        ...{ rolledBackBy: "back", rollback: { requestedBy: "bob", reason: "calls drop" } },
      },
      { rolloutId: "dry", dryRun: true, plannedAction: "flip" },
    ],
  });
  const { startedAt } = await ask<Report>({ command: "status", rolloutId: "night" });
  expect(byId.rollouts[0]).toMatchObject({ startedAt, customerId: flipped?.id, name: flipped?.name });
  expect(await ask({ command: "customer", referenceId: flipped?.referenceId })).toEqual(byId);
  const { rollouts } = await ask<CustomerFound>({ command: "customer", referenceId: vip?.referenceId });
  expect(rollouts.map(({ rolloutId, outcome, code }) => [rolloutId, outcome, code])).toEqual([
    ["night", "skipped", "excluded"],
    ["dry", "skipped", "excluded"],
  ]);
  expect(await ask({ command: "customer", customerId: "no-such-customer" })).toEqual({ rollouts: [], searched: 3 });
  const { errorMessage } = await door.sendRefused({ command: "customer" });
  expect(errorMessage).toContain("expected the customer's id, or its referenceId");
});

test("reads to the end without a gap or a repeat while the rollout flips", async () => {
  door = await openFrontDoor({ customers: 1_500, stagingShare: 1, policy: { strategy: "all-at-once" } });
  const held = Promise.withResolvers<void>();
  let posts = 0;
  door.world.emulator.onRequest(({ operation, phase }) =>
    operation === "SetCustomerStagingMode" && phase === "arrived" && ++posts > 700 ? held.promise : undefined,
  );
  await door.send({ ...EVENT, id: "night" });
  while (posts <= 700) await new Promise((resolve) => setTimeout(resolve, 20));

  const customers = await readAll("night");
  expect(new Set(customers.map(({ customerId }) => customerId)).size).toBe(customers.length);
  expect(customers.some(({ outcome }) => outcome === "flipped")).toBe(true);
  expect(customers.some(({ plannedAction, outcome }) => plannedAction === "flip" && outcome === undefined)).toBe(true);
  expect(await ask({ command: "list" })).toMatchObject({ running: "night", rollouts: [{ status: "running" }] });
  expect(await ask({ command: "status" })).toMatchObject({ rolloutId: "night", status: "running" });

  held.resolve();
  await door.world.executions.settled();
  expect(await readAll("night", { outcome: "flipped" })).toHaveLength(
    customers.filter(({ plannedAction }) => plannedAction === "flip").length,
  );
});

test("refuses a list of customers that cannot be, and a status before the first rollout", async () => {
  door = await openFrontDoor({ customers: 20 });
  const refusal = async (command: object) => (await door.sendRefused(command)).errorMessage;
  expect(await refusal({ command: "status" })).toContain("there was no rollout yet");
  expect(await refusal({ command: "customers", rolloutId: "none" })).toContain("no rollout none is known");
  await run({ ...EVENT, exclude: undefined, id: "night" });
  expect(await refusal({ command: "customers", rolloutId: "night", wave: 9 })).toContain("expected a wave from 1 to 1");
  await run({ action: "rollback", rolloutId: "night", id: "back" });
  expect(await refusal({ command: "customers", rolloutId: "back" })).toContain("ask for the customers of night");
});
