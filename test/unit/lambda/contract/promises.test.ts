import { acceptDeployEvent } from "../../../../lambda/contract/accept-deploy-event.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../../support/jest.ts";
import { startWorld, type World } from "../../../support/world.ts";
import { anEvent } from "./an-event.ts";
import { problemsOf } from "./problems-of.ts";

/** What docs/events.md promises, through the shipped handler. */
let world: World;

beforeAll(async () => {
  world = await startWorld({ customers: 30 });
});
afterAll(() => world.close());

const writes = () => [...world.emulator.customers()].reduce((sum, customer) => sum + customer.writes, 0);

test("a malformed event is refused before any request, and its password is not logged", async () => {
  const event = anEvent({ userName: "me", password: "hunter2" });
  const { error, operations } = await world.run(event);
  expect(problemsOf(() => acceptDeployEvent(event, world.policy))).toHaveLength(2);
  expect(() => acceptDeployEvent(event, world.policy)).toThrow(error);
  expect(operations).toEqual([]);
  expect(world.emulator.stats().requests).toEqual({});
  expect(await world.readLedger()).toEqual([]);
  expect(world.logs().join("\n")).not.toContain("hunter2");
});

test("a dry run reports the plan, which customers are skipped and why, and flips no customer", async () => {
  const { accountId } = world.emulator;
  const ours = [...world.emulator.customers()].filter((customer) => customer.accountId === accountId);
  const exclude = { customerIds: ours.slice(0, 3).map(({ id }) => id) };
  const { report } = await world.run(anEvent({ exclude, dryRun: true, id: "dry" }));
  expect(report).toMatchObject({
    ...{ rolloutId: "dry", status: "planned", dryRun: true, plan: { skipped: 3 }, moreExceptions: 0 },
    ...{ counts: { flipped: 0, unchanged: 0, skipped: 0 }, skippedBy: [{ code: "excluded", customers: 3 }] },
  });
  expect((report.plan?.flip ?? 0) + (report.plan?.unchanged ?? 0)).toBe(ours.length - 3);
  expect(report.exceptions.map(({ customerId }) => customerId).sort()).toEqual([...exclude.customerIds].sort());
  expect(writes()).toBe(0);
});

describe("before the first flip a rollout ends", () => {
  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    [
      "when a tag and an excluded tag do not exist",
      { targets: { tags: ["canray"] }, exclude: { tags: ["vpi"] } },
      { code: "unknown-tags", tags: ["canray", "vpi"] },
    ],
    [
      "when a parent and an excluded customer do not exist",
      { targets: { parentCustomerId: "none-1" }, exclude: { customerIds: ["none-2"] } },
      { code: "unknown-customers", named: ["none-1", "none-2"] },
    ],
  ])("%s", async (_when, changes, problem) => {
    const { report } = await world.run(anEvent(changes));
    expect(report).toMatchObject({ status: "refused", problems: [problem] });
    expect(writes()).toBe(0);
  });
});
