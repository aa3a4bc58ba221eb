import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execute } from "../support/execute.ts";
import { expectTrueOutcomes, rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const POST = "SetCustomerStagingMode";

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 10, stagingShare: 1, faults: "children-follow" });
});
afterEach(() => world.close());

const add = (parentCustomerId?: string, changes: { readonly isStaging?: boolean; readonly tagNames?: string[] } = {}) =>
  world.emulator.addCustomer({ isStaging: true, ...(parentCustomerId && { parentCustomerId }), ...changes }).id;
const notThereYet = (id: string) =>
  `Evo Voice may move its descendant ${id}, which was not flipped before it, along with it`;
const isStaging = (id: string) => world.emulator.customer(id)?.isStaging;
const ours = () =>
  [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId).length;

/** The first wave is somebody else: what happens at its flip happens after the plan, and before the parent's batch. */
function afterThePlan(happens: () => void) {
  const first = add();
  const off = world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== POST || phase !== "answered") return;
    off();
    happens();
  });
  return {
    event: { ...PROMOTE, strategy: { waves: [{ cohort: "first" }, { rest: true }] } },
    policy: { cohorts: { first: { customerIds: [first] } } },
  };
}

describe("between the plan and its parent's batch, a child", () => {
  test("that comes into being is not moved along: its parent stays, and is named", async () => {
    const parent = add();
    let child = "";
    const { event, policy } = afterThePlan(() => {
      child = add(parent);
    });

    const { report } = await execute(world, event, { name: "one", policy });

    expect(report).toMatchObject({ status: "partial", counts: { flipped: ours() - 2, deferred: 1, failed: 0 } });
    expect((await readOutcomes(world, "night")).get(parent)).toEqual({
      outcome: "deferred",
      reason: notThereYet(child),
    });
    expect([parent, child].map(isStaging)).toEqual([true, true]);
  });

  test("that comes into being where it should be keeps nobody", async () => {
    const parent = add();
    const { event, policy } = afterThePlan(() => add(parent, { isStaging: false }));

    const { report } = await execute(world, event, { name: "one", policy });

    expect(report?.counts).toMatchObject({ flipped: ours() - 1, skipped: 0, failed: 0 });
  });

  test("that comes into being under a grandparent keeps all who are above it, and nobody else", async () => {
    const grandparent = add();
    const parent = add(grandparent);
    const sibling = add(grandparent);
    const { event, policy } = afterThePlan(() => add(parent, { tagNames: ["vip"] }));

    const { report } = await execute(world, event, {
      name: "one",
      policy: { ...policy, protected: { tags: ["vip"] } },
    });

    expect(report?.counts).toMatchObject({ flipped: ours() - 3 - withTag("vip"), failed: 0 });
    expect([grandparent, parent, sibling].map(isStaging)).toEqual([true, true, false]);
  });

  test("that comes into being moves its parent where children do not follow", async () => {
    world.emulator.setFaults("");
    const parent = add();
    const { event, policy } = afterThePlan(() => add(parent));

    const { report } = await execute(world, event, { name: "one", policy: { ...policy, childrenFollow: false } });

    expect(report?.counts).toMatchObject({ flipped: ours() - 1, skipped: 0 });
    expect(isStaging(parent)).toBe(false);
  });

  /** Of those who were there at first: whoever carries the tag by chance. */
  function withTag(tag: string): number {
    return [...world.emulator.customers()].filter(
      ({ accountId, tagNames, parentCustomerId }) =>
        accountId === world.emulator.accountId && tagNames.includes(tag) && parentCustomerId === undefined,
    ).length;
  }
});

test("a family larger than a batch is flipped one by one, each before whoever is above: nobody is found moved already", async () => {
  const grandparent = add();
  const parent = add(grandparent);
  for (let index = 0; index < 300; index += 1) add(index % 2 === 0 ? parent : grandparent);
  const before = rememberFlags(world);

  const { report } = await execute(world, PROMOTE, { name: "one" });

  expect(report).toMatchObject({
    status: "succeeded",
    counts: { flipped: ours(), unchanged: 0, skipped: 0, failed: 0 },
  });
  expect(report?.movedMeanwhile).toBeUndefined();
  const planned = new Set(
    [...before.keys()].filter((id) => world.emulator.customer(id)?.accountId === world.emulator.accountId),
  );
  await expectTrueOutcomes(world, report as never, { before, planned });
});

describe("a child whose own flip does not come to its end", () => {
  /** Flips of this customer are answered like this by a proxy in front of Evo Voice. */
  function refuse(id: string): () => void {
    return world.emulator.onRequest(({ operation, phase, customerId }) => {
      if (operation === POST && phase === "arrived" && customerId === id) world.emulator.removeCustomer(id);
    });
  }

  test("because it is gone keeps nobody: there is nobody to be moved", async () => {
    const parent = add();
    const child = add(parent);
    refuse(child);

    const { report } = await execute(world, PROMOTE, { name: "one", policy: { failureBudget: 10 } });

    expect(report?.counts).toMatchObject({ failed: 1, skipped: 0 });
    expect(isStaging(parent)).toBe(false);
  });

  test("keeps everybody above where they are; a retry takes them all, and a rollback leaves nobody behind", async () => {
    const grandparent = add();
    const parent = add(grandparent);
    const child = add(parent);
    const before = rememberFlags(world);
    const policy = { failureBudget: 100, retries: { attempts: 1, requestTimeoutMs: 5_000 } };
    const off = world.emulator.onRequest(({ operation, phase, customerId }) => {
      if (operation !== POST) return;
      world.emulator.setFaults(`children-follow${phase === "arrived" && customerId === child ? ",lost-write" : ""}`);
    });

    const { report } = await execute(world, PROMOTE, { name: "one", policy: { ...policy, concurrency: 1 } });
    off();
    world.emulator.setFaults("children-follow");
    const outcomes = await readOutcomes(world, "night");

    expect(report).toMatchObject({ status: "partial", counts: { failed: 1, deferred: 2, flipped: ours() - 3 } });
    for (const id of [parent, grandparent])
      expect(outcomes.get(id)).toEqual({
        outcome: "deferred",
        reason: expect.stringMatching(/^Evo Voice may move its descendant/),
      });
    expect([grandparent, parent, child].map(isStaging)).toEqual([true, true, true]);

    const retried = await execute(world, { action: "retry", rolloutId: "night", id: "again" }, { name: "two", policy });
    expect(retried.report).toMatchObject({ status: "succeeded", counts: { flipped: 3, unchanged: 0, skipped: 0 } });
    const rollback = { action: "rollback", release: PROMOTE.release, id: "undo" };
    const { report: undone } = await execute(world, rollback, { name: "three", policy });
    expect(undone).toMatchObject({ status: "rolled-back", reverted: { leftAlone: 0, left: 0 } });
    expect(rememberFlags(world)).toEqual(before);
  });
});

test("whom somebody else had put right is nobody that a rollback moves: who is above is left, and named", async () => {
  const parent = add();
  const child = add(parent);
  const { event, policy } = afterThePlan(() => world.emulator.setStaging(child, false));
  await execute(world, event, { name: "one", policy });

  const rollback = { action: "rollback", rolloutId: "night", id: "undo" };
  const { report } = await execute(world, rollback, { name: "two", policy });

  expect(report).toMatchObject({ reverted: { left: 1 }, exceptions: [{ customerId: parent }] });
  expect([parent, child].map(isStaging)).toEqual([false, false]);
});

test("a family whose middle the event does not select, because it is right already, comes in one wave", async () => {
  const families = Array.from({ length: 6 }, () => {
    const top = add();
    const middle = add(top, { isStaging: false });
    return { top, middle, bottom: add(middle) };
  });
  const targets = { customerIds: families.flatMap(({ top, bottom }) => [top, bottom]) };
  const strategy = { waves: [{ customers: 4 }, { customers: 4 }, { rest: true }] };

  const { report } = await execute(world, { ...PROMOTE, targets, strategy }, { name: "one" });

  expect(report?.plan?.waves.map(({ customers }) => customers)).toEqual([4, 4, 4]);
  expect(report?.counts).toMatchObject({ flipped: 12, unchanged: 0, skipped: 0 });
});

test.each(["ignored-filters", "ignored-filters,hide-breadcrumb"])(
  "who is listed though nobody asked for them is below nobody (%s)",
  async (faults) => {
    const parent = add();
    const child = add(parent);
    world.emulator.setFaults(`children-follow,${faults}`);

    const { report } = await execute(world, { ...PROMOTE, targets: { customerIds: [parent, child] } }, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 2, skipped: 0 } });
  },
);

test("a customer whose descendants cannot be listed is not flipped on a guess: it failed, with the reason", async () => {
  const parent = add();
  add(parent);
  const { event, policy } = afterThePlan(() => world.emulator.setFaults("children-follow,wrong-total=1"));

  const { report } = await execute(world, event, { name: "one", policy: { ...policy, failureBudget: 100 } });

  expect(report).toMatchObject({ status: "partial", counts: { flipped: 1, failed: ours() - 1 } });
  expect((await readOutcomes(world, "night")).get(parent)?.reason).toMatch(
    /^it is not known whom Evo Voice would move along with it: Evo Voice does not list as many descendants as it counts/,
  );
  expect(isStaging(parent)).toBe(true);
});
