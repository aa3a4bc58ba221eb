import type { Plan } from "../../lambda/core/plan/plan.ts";
import type { EmulatedCustomer } from "../../local/emulator/emulated-customer.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { expectUntouched, rememberFlags } from "../support/truth.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 1 });
});
afterEach(() => world.close());

const EVENT = { action: "promote", release: "2026.11", targets: { all: true } };
const TWO_WAVES = { waves: [{ customers: 5 }, { rest: true }] };

const ours = (): readonly EmulatedCustomer[] =>
  [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);

const count = () => ours().length;
const takeFirst = (customers: number) => ({
  customerIds: ours()
    .slice(0, customers)
    .map(({ id }) => id),
});

async function plan(event: object, policy: Record<string, unknown> = {}): Promise<Plan | undefined> {
  const { report } = await world.run({ ...event, dryRun: true }, policy);
  expect(report.status).toBe("planned");
  return report.plan;
}

async function planFor(event: object): Promise<string> {
  return (await plan(event))?.hash ?? "";
}

async function expectRefused(event: object, problems: readonly object[], policy: Record<string, unknown> = {}) {
  const before = rememberFlags(world);
  const { report } = await world.run(event, policy);
  expect(report).toMatchObject({ status: "refused", problems });
  expectUntouched(world, before);
}

test.each([
  [20, [{ customers: 20, bakeSeconds: 0 }]],
  [21, [{ bakeSeconds: 1_800 }, { bakeSeconds: 0 }]],
])("without a strategy, a rollout of %d customers has the waves %j", async (customers, waves) => {
  const planned = await plan({ ...EVENT, targets: takeFirst(customers) }, { strategy: undefined });
  expect(planned).toMatchObject({ flip: customers, waves });
});

describe("an event with the hash of a dry run's plan", () => {
  test("is rolled out while the plan would be the same, also by the 12 characters that are shown", async () => {
    const hash = await planFor(EVENT);
    const short = hash.slice(0, 12);
    await expectRefused({ ...EVENT, strategy: TWO_WAVES, plan: short }, [
      {
        ...{ code: "stale-plan", plan: short },
        changes: expect.stringMatching(/^\d+ in another wave: REF-\d+ {2}.+? {2}\(\w+\): wave 1 → wave 2/),
      },
    ]);
    await expectRefused({ ...EVENT, release: "2026.12", plan: hash }, [{ code: "plan-of-another-event", plan: hash }]);
    await expectRefused({ ...EVENT, plan: "a".repeat(64) }, [{ code: "unknown-plan" }]);

    const { report } = await world.run({ ...EVENT, plan: short });
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: count() }, plan: { hash } });
  });

  test("is refused when customers changed since, with counts and customers", async () => {
    const plan = await planFor(EVENT);
    const [gone, right] = ours();
    world.emulator.removeCustomer(gone!.id);
    world.emulator.setStaging(right!.id, false);
    const added = world.emulator.addCustomer({ name: "New here", isStaging: true });
    const { report } = await world.run({ ...EVENT, plan });
    expect(report.status).toBe("refused");
    const problems = report.problems ?? [];
    expect(problems).toMatchObject([{ code: "stale-plan", plan }]);
    const { message = "" } = problems[0] ?? {};
    expect(message).toContain("1 to be flipped now, 2 no longer to be flipped: ");
    expect(message).toContain(`New here  (${added.id}): not found → wave 1`);
    expect(message).toContain(`${gone!.name}  (${gone!.id}): wave 1 → not found`);
    expect(message).toContain(`${right!.name}  (${right!.id}): wave 1 → unchanged`);
    expect(world.emulator.stats().requests.SetCustomerStagingMode).toBeUndefined();
  });
});

const FIRST_TOO_LARGE = {
  code: "blast-radius",
  rule: "largePromote",
  firstWave: 6,
  expected: expect.stringMatching(/^a first wave of at most 5 customers/),
};

describe("a guard rail of the policy", () => {
  test("maxCustomers: exactly so many pass, one more is refused; an event can only ask for fewer", async () => {
    await expectRefused(EVENT, [{ code: "blast-radius", rule: "maxCustomers", flip: count(), allowed: count() - 1 }], {
      maxCustomers: count() - 1,
    });
    await expectRefused(
      { ...EVENT, limits: { maxCustomers: 3 } },
      [{ code: "blast-radius", rule: "maxCustomers", allowed: 3 }],
      { maxCustomers: count() },
    );
    expect(await plan(EVENT, { maxCustomers: count() })).toMatchObject({ flip: count() });
  });

  test("maxShare is of all customers of the policy's accounts, for any targets", async () => {
    const half = Math.ceil(count() / 2);
    const most = Math.floor(count() / 2);
    await expectRefused(
      { ...EVENT, targets: takeFirst(half + 1) },
      [{ code: "blast-radius", rule: "maxShare", flip: half + 1, scope: count() }],
      { maxShare: "50%" },
    );
    expect(await plan({ ...EVENT, targets: takeFirst(most) }, { maxShare: "50%" })).toMatchObject({ flip: most });
  });

  test("largePromote counts the first wave's customers, and all broken rails are reported", async () => {
    const careful = { waves: [{ cohort: "canary", bakeMinutes: 30 }, { rest: true }] };
    const rails = { largePromote: { above: 10, firstWave: 5, bakeMinutes: 30 } };
    const policy = (canaries: object) => ({
      ...rails,
      cohorts: { canary: canaries },
      strategies: { careful },
      strategy: "careful",
    });
    await expectRefused(
      EVENT,
      [
        { code: "blast-radius", rule: "maxCustomers", allowed: 10 },
        { code: "blast-radius", rule: "maxShare", share: "5%" },
        FIRST_TOO_LARGE,
      ],
      { ...policy(takeFirst(6)), maxCustomers: 10, maxShare: "5%" },
    );
    expect(await plan(EVENT, policy(takeFirst(5)))).toMatchObject({
      waves: [{ customers: 5 }, { customers: count() - 5 }],
    });
    await expectRefused({ ...EVENT, dryRun: true }, [FIRST_TOO_LARGE], policy(takeFirst(6)));
  });
});
