import { afterAll, beforeAll, describe, expect, test } from "../../../support/jest.ts";
import { startWorld, type World } from "../../../support/world.ts";
import { anEvent } from "./an-event.ts";

/** What docs/events.md promises, through the shipped handler. */
let world: World;
/** Customers of the policy's account. */
let ids: readonly string[];

beforeAll(async () => {
  world = await startWorld({ customers: 200 });
  const { accountId } = world.emulator;
  ids = [...world.emulator.customers()].filter((customer) => customer.accountId === accountId).map(({ id }) => id);
});

afterAll(async () => {
  await world.close();
});

const writes = () => [...world.emulator.customers()].reduce((sum, customer) => sum + customer.writes, 0);

describe("a dry run", () => {
  test("reports the plan, which customers are skipped and why, and flips no customer", async () => {
    const exclude = { customerIds: ids.slice(0, 3) };
    const { report } = await world.run(anEvent({ exclude, dryRun: true, id: "dry" }));
    expect(report).toMatchObject({
      rolloutId: "dry",
      status: "planned",
      dryRun: true,
      counts: { flipped: 0, unchanged: 0, skipped: 0 },
      plan: { skipped: 3 },
      skippedBy: [{ code: "excluded", customers: 3 }],
      moreExceptions: 0,
    });
    expect((report.plan?.flip ?? 0) + (report.plan?.unchanged ?? 0)).toBe(197);
    expect(report.exceptions.map(({ customerId }) => customerId).sort()).toEqual([...exclude.customerIds].sort());
    expect(writes()).toBe(0);
  });

  test("has an id of its own: the rollout that follows needs another", async () => {
    const { report } = await world.run(anEvent({ id: "dry" }));
    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "id-taken", id: "dry" }],
    });
    expect(writes()).toBe(0);
  });
});

describe("before the first flip a rollout ends", () => {
  const unknown = (named: string) => ({ code: "unknown-customers", named: [named] });
  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    ["when a tag does not exist", { targets: { tags: ["canray"] } }, { code: "unknown-tags", tags: ["canray"] }],
    ["when an excluded tag does not exist", { exclude: { tags: ["vpi"] } }, { code: "unknown-tags", tags: ["vpi"] }],
    ["when an excluded customer does not exist", { exclude: { customerIds: ["none"] } }, unknown("none")],
    ["when a parent does not exist", { targets: { parentCustomerId: "none" } }, unknown("none")],
  ])("%s", async (_when, changes, problem) => {
    const { report } = await world.run(anEvent(changes));
    expect(report).toMatchObject({ status: "refused", problems: [problem] });
    expect(writes()).toBe(0);
  });
});
