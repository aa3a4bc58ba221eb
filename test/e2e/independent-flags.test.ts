import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../lambda/core/report/report.ts";
import { startEmulator } from "../../local/emulator/emulator.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { startRewritingProxy } from "../support/rewriting-proxy.ts";
import { expectTrueOutcomes, rememberFlags } from "../support/truth.ts";
import { useNpmStart } from "../support/use-npm-start.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", id: "night" } as const;

let world: World;
let parent: string;
let children: readonly string[];

beforeEach(async () => {
  world = await startWorld({ customers: 60, stagingShare: 0.7 });
  parent = add();
  children = [add(parent), add(parent)];
});
afterEach(() => world.close());

const { folder, run: npmStart } = useNpmStart();

const add = (parentCustomerId?: string): string =>
  world.emulator.addCustomer({ isStaging: true, ...(parentCustomerId !== undefined && { parentCustomerId }) }).id;
const isStaging = (id: string) => world.emulator.customer(id)?.isStaging;
const ours = () => [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);

async function promote(event: object, policy: Readonly<Record<string, unknown>> = {}): Promise<Report> {
  const { report, error } = await execute(world, { ...PROMOTE, ...event }, { name: "night", policy });
  expect(error).toBeUndefined();
  return report as Report;
}

describe("flags are independent:", () => {
  test("promoting one named customer that has children flips it, and no child", async () => {
    const report = await promote({ targets: { customerIds: [parent] } });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 1, skipped: 0 } });
    expect([parent, ...children].map(isStaging)).toEqual([false, true, true]);
  });

  test("promoting all flips each customer on staging that is neither protected nor excluded", async () => {
    const before = rememberFlags(world);
    const planned = ours().filter(({ tagNames }) => !tagNames.includes("vip") && !tagNames.includes("beta"));

    const report = await promote(
      { targets: { all: true }, exclude: { tags: ["beta"] } },
      { protected: { tags: ["vip"] } },
    );

    expect(report).toMatchObject({ status: "succeeded" });
    expect(report.counts.flipped).toBe(planned.filter(({ id }) => before.get(id)).length);
    expect(report.counts.skipped).toBe(ours().length - planned.length);
    expect(report.counts.skipped).toBeGreaterThan(0);
    expect(report).not.toHaveProperty("namedSkipped");
    const truth = { before, wantedFlag: false, planned: new Set(planned.map(({ id }) => id)) };
    await expectTrueOutcomes(world, report, truth);
  });

  test("a named customer that is right, or is right when its turn comes, is unchanged", async () => {
    const [right, late] = [add(), add()];
    world.emulator.setStaging(right, false);
    const off = world.emulator.onRequest(({ operation }) => {
      if (operation !== "SetCustomerStagingMode") return;
      off();
      world.emulator.setStaging(late, false);
    });

    const report = await promote(
      { targets: { customerIds: [parent, right, late] }, strategy: { waves: [{ cohort: "first" }, { rest: true }] } },
      { cohorts: { first: { customerIds: [parent] } } },
    );

    expect(report).toMatchObject({ status: "succeeded", plan: { flip: 2 }, counts: { flipped: 1, unchanged: 2 } });
    expect(report).not.toHaveProperty("namedSkipped");
    expect((await readOutcomes(world, "night")).get(late)?.outcome).toBe("unchanged");
  });
});

describe("a customer that is named and was not flipped", () => {
  test("by id or by reference id, or because no customer has the id, makes the rollout partial", async () => {
    const [child = "", sibling = ""] = children;
    const { referenceId } = world.emulator.customer(child) ?? {};
    const targets = [{ customerIds: [parent, sibling, "64d1f0a2b7c8d90012345678"] }, { referenceIds: [referenceId] }];

    const report = await promote(
      { targets },
      { protected: { customerIds: [parent, child] }, unknownCustomers: "skip" },
    );

    expect(report).toMatchObject({ status: "partial", namedSkipped: 3, counts: { flipped: 1, skipped: 3 } });
    const outcomes = await readOutcomes(world, "night");
    for (const id of [parent, child])
      expect(outcomes.get(id)?.reason).toEqual({ code: "protected-by-policy", by: "id" });
  });

  test("ends `npm start` with 1", async () => {
    const emulator = await startEmulator({ customers: 40, seed: 7, stagingShare: 1 });
    const vip = [...emulator.customers()].find(
      ({ accountId, tagNames }) => accountId === emulator.accountId && tagNames.includes("vip"),
    );
    await emulator.close();
    const file = join(folder, "event.json");
    writeFileSync(file, JSON.stringify({ action: "promote", release: "2026.11", targets: { customerIds: [vip?.id] } }));

    const { code, out } = await npmStart("--customers", "40", "--seed", "7", "--event", file);

    expect(out).toContain("skipped    1\n");
    expect(code).toBe(1);
  });
});

describe("on a server that moves children with their parents, a rollout", () => {
  beforeEach(() => world.emulator.setFaults("children-follow"));

  test.each(["hide-breadcrumb", "reverse-breadcrumb"])("is halted at the first gate (%s)", async (faults) => {
    world.emulator.setFaults(`children-follow,${faults}`);
    const others = ours().filter(({ id, parentCustomerId }) => parentCustomerId === undefined && id !== parent);
    const targets = { customerIds: [parent, ...others.map(({ id }) => id)] };
    const strategy = { waves: [{ cohort: "first" }, { rest: true }] };

    const report = await promote({ targets, strategy }, { cohorts: { first: { customerIds: [parent] } } });

    expect(report).toMatchObject({ status: "halted", counts: { flipped: 1 }, waves: [{ wave: 1, decision: "halt" }] });
    const moved = children.map((id) => ({ id, parentId: parent }));
    expect(report.problems).toMatchObject([{ code: "children-moved", more: 0 }]);
    expect(report.problems?.[0]).toHaveProperty("children", expect.arrayContaining(moved));
  });

  test("is refused under childrenFollow before the first flip, with each left-out descendant", async () => {
    const [child = "", sibling = ""] = children;
    const grandchild = add(child);
    const before = rememberFlags(world);
    const policy = { childrenFollow: true, protected: { customerIds: [sibling] } };

    const report = await promote({ targets: { customerIds: [parent, sibling] } }, policy);

    expect(report.status).toBe("refused");
    const leftOut = [child, sibling, grandchild].map((id) => ({ id, ancestorId: parent }));
    expect(report.problems).toMatchObject([{ code: "descendants-left-out" }]);
    expect(report.problems?.[0]).toHaveProperty("descendants", expect.arrayContaining(leftOut));
    expect(report.problems?.[0]).toHaveProperty("descendants.length", 3);
    expect(rememberFlags(world)).toEqual(before);
  });

  test("is done when the policy says childrenFollow and the whole family is planned", async () => {
    const targets = [{ customerIds: [parent] }, { parentCustomerId: parent }];

    const report = await promote({ targets }, { childrenFollow: true });

    expect(report).toMatchObject({ status: "succeeded" });
    expect([parent, ...children].map(isStaging)).toEqual([false, false, false]);
  });
});

test("a rollout whose children cannot be read continues, and its first gate says so", async () => {
  const breakChildren = (url: string, body: string) => (url.includes("shallowParent") ? "<p>out of order</p>" : body);
  const proxy = await startRewritingProxy(world.emulator.address, breakChildren);
  try {
    const report = await promote({ targets: { customerIds: [parent] } }, { baseUrl: proxy.address });

    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 1 }, waves: [{ decision: "proceed" }] });
    expect(report.waves?.[0]?.reasons).toMatchObject([{ code: "children-not-checked" }]);
  } finally {
    await proxy.close();
  }
});
