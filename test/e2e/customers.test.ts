import type { ListedCustomer } from "../../lambda/core/report/listed-customer.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { CustomerFound } from "../../lambda/front-door/find-customer.ts";
import type { CustomersListed } from "../../lambda/front-door/list-customers.ts";
import type { RolloutsListed } from "../../lambda/front-door/list-rollouts.ts";
import type { EmulatedCustomer } from "../../local/emulator/emulated-customer.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";
import { afterAll, beforeAll, describe, expect, test } from "../support/jest.ts";

const WAVES = { waves: [{ customers: 200, bakeMinutes: 1 }, { rest: true }] };
const EVENT = { action: "promote", release: "2026.11", targets: { all: true }, exclude: { tags: ["vip"] } };

let door: FrontDoor;

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

const toIds = (customers: readonly ListedCustomer[]) => customers.map(({ customerId }) => customerId);
const isFlip = ({ plannedAction }: ListedCustomer) => plannedAction === "flip";

describe("a dry run, its rollout and the rollback:", () => {
  let ours: readonly EmulatedCustomer[];
  let planned: readonly ListedCustomer[];
  let whileItFlips: { customers: readonly ListedCustomer[]; list: RolloutsListed; status: Report };
  let flipped: readonly ListedCustomer[];
  let restored: readonly ListedCustomer[];

  beforeAll(async () => {
    // A page has 500 of them.
    door = await openFrontDoor({ customers: 800, stagingShare: 0.8, policy: { strategy: "all-at-once" } });
    const { emulator } = door.world;
    ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
    await run({ ...EVENT, strategy: WAVES, dryRun: true, id: "dry" });
    planned = await readAll("dry");

    const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let posts = 0;
    emulator.onRequest(({ operation, phase }) => {
      if (operation !== "SetCustomerStagingMode" || phase !== "arrived" || ++posts <= 400) return undefined;
      reached.resolve();
      return held.promise;
    });
    await door.send({ ...EVENT, strategy: WAVES, id: "night", requestedBy: "ann", reason: "the release is well" });
    await reached.promise;
    const [customers, list, status] = [
      await readAll("night"),
      await ask<RolloutsListed>({ command: "list" }),
      await ask<Report>({ command: "status" }),
    ];
    whileItFlips = { customers, list, status };
    held.resolve();
    await door.world.executions.settled();
    flipped = await readAll("night", { outcome: "flipped" });

    await run({ action: "rollback", rolloutId: "night", id: "back", requestedBy: "bob", reason: "calls drop" });
    restored = await readAll("night", { outcome: "restored" });
  });
  afterAll(() => door.close());

  test("each customer is listed once, in the dry run, after the rollout and after the rollback", async () => {
    expect(toIds(planned).sort()).toEqual(ours.map(({ id }) => id).sort());
    const flips = planned.filter(isFlip);
    expect(flips.length).toBe(ours.filter(({ isStaging, tagNames }) => isStaging && !tagNames.includes("vip")).length);
    expect(flips.filter(({ outcome }) => outcome !== undefined)).toEqual([]);
    expect(await readAll("dry", { wave: 1 })).toEqual(flips.slice(0, 200));
    expect(planned.filter(({ code }) => code === "excluded").every(({ outcome }) => outcome === "skipped")).toBe(true);

    expect(toIds(flipped)).toEqual(toIds(flips));
    expect(flipped[0]).toMatchObject({
      wave: 1,
      plannedAction: "flip",
      code: "confirmed-by-reply",
      message: expect.any(String),
    });
    expect(Date.now() - Date.parse(flipped[0]?.at ?? "")).toBeLessThan(60_000);

    expect(await readAll("night", { outcome: "flipped" })).toEqual([]);
    expect(restored).toHaveLength(flips.length);
  });

  test("the list is read to its end without a gap or a repeat while the rollout flips", () => {
    const { customers, list, status } = whileItFlips;
    expect(toIds(customers)).toEqual(toIds(planned));
    expect(customers.some(({ outcome }) => outcome === "flipped")).toBe(true);
    expect(customers.some((one) => isFlip(one) && one.outcome === undefined)).toBe(true);
    expect(list).toMatchObject({ running: "night", rollouts: [{ status: "running" }] });
    expect(status).toMatchObject({ rolloutId: "night", status: "running" });
  });

  test("what they did with one customer is found by its id and by its reference id", async () => {
    const mine = ours.find(({ id }) => id === flipped[0]?.customerId);
    const vip = ours.find(({ isStaging, tagNames }) => isStaging && tagNames.includes("vip"));

    const byId = await ask<CustomerFound>({ command: "customer", customerId: mine?.id.toUpperCase() });
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
    expect(byId.rollouts[0]).toMatchObject({ startedAt, customerId: mine?.id, name: mine?.name });
    expect(await ask({ command: "customer", referenceId: mine?.referenceId })).toEqual(byId);
    const { rollouts } = await ask<CustomerFound>({ command: "customer", referenceId: vip?.referenceId });
    expect(rollouts.map(({ rolloutId, outcome, code }) => [rolloutId, outcome, code])).toEqual([
      ["night", "skipped", "excluded"],
      ["dry", "skipped", "excluded"],
    ]);
    expect(await ask({ command: "customer", customerId: "no-such-customer" })).toEqual({ rollouts: [], searched: 3 });
    const { errorMessage } = await door.sendRefused({ command: "customer" });
    expect(errorMessage).toContain("expected the customer's id, or its referenceId");
  });

  test("the rollouts are listed; a dry run only where it is asked for, and never as the last one", async () => {
    const listed = await ask<RolloutsListed>({ command: "list", plans: true });
    const { rollouts } = await ask<RolloutsListed>({ command: "list" });
    expect(rollouts).toEqual(listed.rollouts.filter(({ dryRun }) => !dryRun));
    expect(listed.running).toBeUndefined();
    expect(listed.rollouts).toMatchObject([
      { rolloutId: "back", action: "rollback", status: "rolled-back", rollback: { restored: restored.length } },
      { rolloutId: "night", action: "promote", status: "succeeded", requestedBy: "ann" },
      { rolloutId: "dry", status: "planned", dryRun: true },
    ]);
    await run({ ...EVENT, targets: { tags: ["beta"] }, dryRun: true, id: "later" });
    expect(await ask({ command: "status" })).toMatchObject({ rolloutId: "back" });
  });
});

test("refuses a list of customers that cannot be, and a status before the first rollout", async () => {
  door = await openFrontDoor({ customers: 20 });
  try {
    const refusal = async (command: object) => (await door.sendRefused(command)).errorMessage;
    expect(await refusal({ command: "status" })).toContain("there was no rollout yet");
    expect(await refusal({ command: "customers", rolloutId: "none" })).toContain("no rollout none is known");
    await run({ ...EVENT, exclude: undefined, id: "night" });
    const unknownWave = { command: "customers", rolloutId: "night", wave: 9 };
    expect(await refusal(unknownWave)).toContain("expected a wave from 1 to 1");
    await run({ action: "rollback", rolloutId: "night", id: "back" });
    expect(await refusal({ command: "customers", rolloutId: "back" })).toContain("ask for the customers of night");
  } finally {
    await door.close();
  }
});
