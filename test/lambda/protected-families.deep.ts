import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execute } from "../support/execute.ts";
import { openLedger } from "../support/ledger.ts";
import { startRewritingProxy } from "../support/rewriting-proxy.ts";
import { expectUntouched, rememberFlags } from "../support/truth.ts";
import { readOutcomes, readReverts, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ANN = { requestedBy: "ann", reason: "a launch", at: "2026-11-23T00:00:00Z" };
const ROLLBACK = { action: "rollback", rolloutId: "night", requestedBy: "ann", reason: "calls drop" } as const;
const POST = "SetCustomerStagingMode";
const ORDERED = "protected by the controls";

let world: World;
/** Three storeys on staging: a grandparent, a parent and a child. */
let family: { readonly grandparent: string; readonly parent: string; readonly child: string };

beforeEach(async () => {
  world = await startWorld({ customers: 20, stagingShare: 1, faults: "children-follow" });
  const grandparent = add();
  const parent = add(grandparent);
  family = { grandparent, parent, child: add(parent) };
});
afterEach(() => world.close());

const add = (parentCustomerId?: string): string =>
  world.emulator.addCustomer({ isStaging: true, ...(parentCustomerId !== undefined && { parentCustomerId }) }).id;
const protect = (id: string) => openLedger(world).protect([id], ANN);
const heldFor = (id: string) => `Evo Voice may move its descendant ${id}, which is ${ORDERED}, along with it`;
const isStaging = (id: string) => world.emulator.customer(id)?.isStaging;
const ours = () =>
  [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId).length;

async function expectHeldBack(rolloutId: string): Promise<void> {
  const outcomes = await readOutcomes(world, rolloutId);
  const { grandparent, parent, child } = family;
  expect(outcomes.get(child)).toEqual({ outcome: "skipped", reason: ORDERED });
  for (const id of [parent, grandparent])
    expect(outcomes.get(id)).toEqual({ outcome: "skipped", reason: heldFor(child) });
  expect([grandparent, parent, child].map(isStaging)).toEqual([true, true, true]);
}

describe("a customer that a control protects before the plan", () => {
  test("is skipped by the plan, and so is everybody above it; a dry run shows both", async () => {
    await protect(family.child);

    const { report: planned } = await execute(world, { ...PROMOTE, id: "dry", dryRun: true }, { name: "dry" });
    const { report } = await execute(world, PROMOTE, { name: "one" });

    for (const plan of [planned?.plan, report?.plan]) {
      expect(plan).toMatchObject({
        flip: ours() - 3,
        skipped: 3,
        skippedBy: { [ORDERED]: 1, "Evo Voice may move a descendant along that must not be moved": 2 },
        waves: [{ customers: ours() - 3 }],
      });
    }
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: ours() - 3, skipped: 3 } });
    await expectHeldBack("night");
  });

  test.each(["hide-breadcrumb", "reverse-breadcrumb"])("is told from its ancestors with %s, too", async (fault) => {
    world.emulator.setFaults(`children-follow,${fault}`);
    await protect(family.child);

    const { report } = await execute(world, PROMOTE, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: ours() - 3, skipped: 3 } });
    await expectHeldBack("night");
  });

  test("holds back whom the event names above it, though the event does not name the customer itself", async () => {
    await protect(family.child);
    const targets = { customerIds: [family.grandparent] };

    const { report } = await execute(world, { ...PROMOTE, targets }, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 0, skipped: 1 }, plan: { skipped: 1 } });
    const outcomes = await readOutcomes(world, "night");
    expect([...outcomes.keys()]).toEqual([family.grandparent]);
    expect(outcomes.get(family.grandparent)).toMatchObject({ outcome: "skipped" });
    expect([family.grandparent, family.parent, family.child].map(isStaging)).toEqual([true, true, true]);
  });

  test("holds nobody back where the policy says that children do not follow", async () => {
    world.emulator.setFaults("");
    await protect(family.child);

    const { report } = await execute(world, PROMOTE, { name: "one", policy: { childrenFollow: false } });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: ours() - 1, skipped: 1 } });
    expect([family.grandparent, family.parent, family.child].map(isStaging)).toEqual([false, false, true]);
  });

  test("is nobody that the plan names when Evo Voice does not have it any more", async () => {
    await protect("64d1f0a2b7c8d90012345678");

    const { report } = await execute(world, PROMOTE, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: ours(), skipped: 0 } });
  });

  test("counts against a guard rail no more: the plan is as small as it is", async () => {
    await protect(family.child);
    const limits = { maxCustomers: ours() - 3 };

    const { report } = await execute(world, { ...PROMOTE, limits }, { name: "one" });

    expect(report?.counts.flipped).toBe(ours() - 3);
  });

  test("makes another plan than the one of a dry run before the order, and the refusal says who is out", async () => {
    const { report: planned } = await execute(world, { ...PROMOTE, id: "dry", dryRun: true }, { name: "dry" });
    await protect(family.child);
    const before = rememberFlags(world);

    const { report } = await execute(world, { ...PROMOTE, plan: planned?.plan?.hash }, { name: "one" });

    expect(report?.status).toBe("refused");
    expect(report?.problem).toContain("3 no longer to be flipped: ");
    expect(report?.problem).toContain(`${family.child} (`);
    expect(report?.problem).toContain(`wave 1 → skipped, ${ORDERED}`);
    expect(report?.problem).toContain(`wave 1 → skipped, ${heldFor(family.child)}`);
    expectUntouched(world, before);
  });
});

describe("a customer that a control protects after the plan", () => {
  /** The order comes with the first answer of Evo Voice to a flip. */
  function protectAtFirstFlip(id: string): void {
    const off = world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== POST || phase !== "answered") return;
      off();
      await protect(id);
    });
  }

  /** The first wave is somebody else, the second is everybody. */
  const inTwoWaves = () => {
    const [first = ""] = [...world.emulator.customers()].flatMap(({ id, accountId, parentCustomerId }) =>
      accountId === world.emulator.accountId && parentCustomerId === undefined && id !== family.grandparent ? id : [],
    );
    return {
      policy: { cohorts: { first: { customerIds: [first] } } },
      strategy: { waves: [{ cohort: "first" }, { rest: true }] },
    };
  };

  test("is not flipped, nor is anybody above it who was not flipped yet", async () => {
    const { policy, strategy } = inTwoWaves();
    protectAtFirstFlip(family.child);

    const { report } = await execute(world, { ...PROMOTE, strategy }, { name: "one", policy });

    expect(report).toMatchObject({ status: "succeeded", plan: { flip: ours() }, counts: { flipped: ours() - 3 } });
    await expectHeldBack("night");
  });

  test("holds nobody back in its rollout where the policy says that children do not follow", async () => {
    const { policy, strategy } = inTwoWaves();
    world.emulator.setFaults("");
    protectAtFirstFlip(family.child);

    const { report } = await execute(
      world,
      { ...PROMOTE, strategy },
      { name: "one", policy: { ...policy, childrenFollow: false } },
    );

    expect(report?.counts).toMatchObject({ flipped: ours() - 1, skipped: 1 });
  });
});

describe("a customer below whom the event selects, though it does not select that one", () => {
  const some = () => ({ customerIds: [family.grandparent, ...strangers()] });
  const strangers = () =>
    [...world.emulator.customers()]
      .filter(({ accountId, parentCustomerId }) => accountId === world.emulator.accountId && !parentCustomerId)
      .flatMap(({ id }) => (id === family.grandparent || hasChildren(id) ? [] : id))
      .slice(0, 5);
  const hasChildren = (id: string) =>
    [...world.emulator.customers()].some(({ parentCustomerId }) => parentCustomerId === id);

  test.each([
    ["is protected by its id", "protected by the policy (by id)", (id: string) => ({ customerIds: [id] })],
    [
      "is protected by its reference id",
      "protected by the policy (by reference id)",
      (id: string) => ({ referenceIds: [world.emulator.customer(id)?.referenceId] }),
    ],
  ])("holds back who is above when it %s", async (_what, why, toProtected) => {
    const policy = { protected: toProtected(family.child) };

    const { report } = await execute(world, { ...PROMOTE, targets: some() }, { name: "one", policy });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 5, skipped: 1 } });
    expect((await readOutcomes(world, "night")).get(family.grandparent)?.reason).toBe(
      `Evo Voice may move its descendant ${family.child}, which is ${why}, along with it`,
    );
    expect(isStaging(family.child)).toBe(true);
  });

  test.each(["children-follow", "children-follow,hide-breadcrumb"])(
    "holds back who is above when it carries a tag of the policy's protected, with %s",
    async (faults) => {
      world.emulator.setFaults(faults);
      const child = world.emulator.addCustomer({
        isStaging: true,
        parentCustomerId: family.parent,
        tagNames: ["do-not-move"],
      });
      const policy = { protected: { tags: ["do-not-move"] } };

      const { report } = await execute(world, { ...PROMOTE, targets: some() }, { name: "one", policy });

      expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 5, skipped: 1 } });
      expect([child.id, family.grandparent].map(isStaging)).toEqual([true, true]);
    },
  );

  test("holds back who is above when the event excludes it", async () => {
    const event = { ...PROMOTE, targets: some(), exclude: { parentCustomerId: family.parent } };

    const { report } = await execute(world, event, { name: "one" });

    expect(report?.plan).toMatchObject({ flip: 5, skipped: 1 });
    expect(isStaging(family.child)).toBe(true);
  });

  test("holds back who is above when it would be moved along: nobody asked for that", async () => {
    const { report } = await execute(world, { ...PROMOTE, targets: some() }, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 5, skipped: 1 } });
    expect((await readOutcomes(world, "night")).get(family.grandparent)?.reason).toMatch(
      /^Evo Voice may move its descendant \w+, which is not selected by the event, along with it: an event that selects both flips both$/,
    );
    expect([family.grandparent, family.parent, family.child].map(isStaging)).toEqual([true, true, true]);
  });

  test("holds nobody back when it is right already", async () => {
    world.emulator.setStaging(family.parent, false);
    world.emulator.setStaging(family.child, false);

    const { report } = await execute(world, { ...PROMOTE, targets: some() }, { name: "one" });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 6, skipped: 0 } });
  });

  test("holds nobody back where the policy says that children do not follow", async () => {
    const policy = { protected: { customerIds: [family.child] }, childrenFollow: false };
    world.emulator.setFaults("");

    const { report } = await execute(world, { ...PROMOTE, targets: some() }, { name: "one", policy });

    expect(report?.counts).toMatchObject({ flipped: 6, skipped: 0 });
  });
});

describe("the way back", () => {
  test("leaves alone whom a control protects by now, and leaves everybody above until it is lifted", async () => {
    await execute(world, PROMOTE, { name: "one" });
    await protect(family.child);
    const rollback = { action: "rollback", rolloutId: "night" };

    const { report } = await execute(world, { ...rollback, id: "undo" }, { name: "two" });
    const reverts = await readReverts(world, "night");
    await openLedger(world).unprotect([family.child], ANN);
    const { report: again } = await execute(world, { ...rollback, id: "again" }, { name: "three" });

    expect(report?.reverted).toEqual({ flippedBack: ours() - 3, leftAlone: 1, left: 2 });
    expect(reverts.get(family.child)).toMatchObject({ outcome: "skipped", reason: `left alone: ${ORDERED}` });
    for (const id of [family.parent, family.grandparent])
      expect(reverts.get(id)?.reason).toMatch(new RegExp(`^${heldFor(family.child)}: .* once unprotect is sent$`));
    expect(again?.reverted).toMatchObject({ leftAlone: 0, left: 0 });
    expect([family.grandparent, family.parent, family.child].map(isStaging)).toEqual([true, true, true]);
  });
});

describe("a protected customer that cannot be read by now", () => {
  /** A tag without a name: it could be the one that protects. */
  function breakRow(body: string, id: string): string {
    const at = body.indexOf(`{"id":"${id}"`);
    return at < 0
      ? body
      : body.slice(0, at) + body.slice(at).replace('"tags":[', '"tags":[{"id":"x"},').replace("},]", "}]");
  }

  /** Rolls out, protects one, breaks its row wherever it is shown, and turns back. */
  async function turnBackWithBroken(id: string) {
    let isBroken = false;
    const rewrite = (_url: string, body: string) => (isBroken ? breakRow(body, id) : body);
    const proxy = await startRewritingProxy(world.emulator.address, rewrite);
    const policy = { baseUrl: proxy.address };
    try {
      const { report: first } = await execute(world, PROMOTE, { name: "one", policy });
      await openLedger({ ...world, policy: { ...world.policy, baseUrl: proxy.address } }).protect([id], ANN);
      isBroken = true;
      const { report } = await execute(world, ROLLBACK, { name: "two", policy });
      return { flipped: first?.counts.flipped ?? 0, report };
    } finally {
      await proxy.close();
    }
  }

  test("keeps nobody else from being turned back", async () => {
    const stranger = world.emulator.addCustomer({ isStaging: false }).id;
    const before = rememberFlags(world);

    const { flipped, report } = await turnBackWithBroken(stranger);

    expect(report).toMatchObject({ status: "rolled-back", reverted: { flippedBack: flipped, left: 0 } });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("keeps those above it from being turned back, and nobody else", async () => {
    const { flipped, report } = await turnBackWithBroken(family.child);

    expect(report).toMatchObject({ status: "rolled-back", reverted: { flippedBack: flipped - 3, left: 3 } });
    expect([family.grandparent, family.parent, family.child].map(isStaging)).toEqual([false, false, false]);
  });
});
