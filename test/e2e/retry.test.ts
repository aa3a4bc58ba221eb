import type { Report } from "../../lambda/core/report/report.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const RETRY = { action: "retry", rolloutId: "night", id: "again" } as const;
const CAREFUL = { failureBudget: 0, concurrency: 1, onFailure: "halt", smallestSample: 1 } as const;

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 12, stagingShare: 1 });
});
afterEach(() => world.close());

const add = (parentCustomerId?: string): string =>
  world.emulator.addCustomer({ isStaging: true, ...(parentCustomerId !== undefined && { parentCustomerId }) }).id;
const ours = () =>
  [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId).map(({ id }) => id);
/** The customers in the ledger's batches of a wave. */
async function readWave(rolloutId: string, { plan }: Report, wave: number): Promise<readonly string[]> {
  const { from = 0, to = 0 } = plan?.waves[wave - 1] ?? {};
  const batches = await Promise.all(
    Array.from({ length: to - from }, (_, index) => openLedger(world).getBatch(rolloutId, from + index)),
  );
  return batches.flatMap(({ customers }) => customers.map(({ id }) => id));
}

/** A rollout that leaves each customer: the first customer fails, and that is one too many. */
async function givenLeft(event: object = {}, policy: Readonly<Record<string, unknown>> = {}): Promise<Report> {
  world.emulator.setFaults("lost-write=1");
  const { report } = await execute(
    world,
    { ...PROMOTE, ...event },
    { name: "left", policy: { ...CAREFUL, ...policy } },
  );
  world.emulator.setFaults("");
  expect(report).toMatchObject({ status: "halted", counts: { flipped: 0, failed: 1 } });
  return report as Report;
}

async function retry(event: object = {}, policy: Readonly<Record<string, unknown>> = {}): Promise<Report> {
  const sent = { ...RETRY, ...event };
  const { report } = await execute(world, sent, { name: sent.id, policy });
  return report as Report;
}

describe("a retry", () => {
  test("plans only what was left, whatever the event selects by now; its exclusions stay", async () => {
    const [right = ""] = ours();
    const [parent, other] = [add(), add()];
    world.emulator.setStaging(right, false);
    const { plan } = await givenLeft({ exclude: { parentCustomerId: parent } });
    world.emulator.setStaging(right, true);
    const child = add(parent);
    const created = add();

    const report = await retry();

    expect(report).toMatchObject({ status: "partial", plan: { flip: plan?.flip, unchanged: 0, skipped: 0 } });
    expect(world.emulator.customer(right)?.writes).toBe(0);
    const outcomes = await readOutcomes(world, "again");
    for (const id of [parent, other]) expect(outcomes.get(id)?.outcome).toBe("flipped");
    expect(outcomes.has(child)).toBe(false);
    expect(outcomes.get(created)).toMatchObject({ outcome: "deferred", reason: { code: "appeared" } });
  });

  test("keeps a family in one wave, also one whose middle is not left", async () => {
    const grandparent = add();
    const middle = add(grandparent);
    const children = [add(middle), add(middle), add(middle)];
    world.emulator.setStaging(middle, false);
    await givenLeft();

    for (const [index, customers] of [1, 5].entries()) {
      const id = `again-${index}`;
      const strategy = { waves: [{ customers }, { customers }, { rest: true }] };
      const { report } = await execute(world, { ...RETRY, id, strategy, dryRun: true }, { name: id });
      const waves = await Promise.all([1, 2, 3].map((wave) => readWave(id, report as Report, wave)));
      const related = [grandparent, ...children];
      expect(waves.filter((wave) => related.some((one) => wave.includes(one)))).toHaveLength(1);
      expect(waves.flat()).toEqual(expect.arrayContaining(related));
    }
  });

  test("puts the cohorts of its strategy first, with all of their families who are left", async () => {
    const parent = add();
    const [canary, sibling] = [add(parent), add(parent)];
    const policy = { cohorts: { canary: { customerIds: [canary] } } };
    const strategy = { waves: [{ cohort: "canary", bakeMinutes: 1 }, { rest: true }] };
    await givenLeft({ strategy }, policy);

    const kept = await retry({ dryRun: true }, policy);

    expect(kept.plan?.waves).toMatchObject([{ customers: 3, bakeSeconds: 60 }, { customers: ours().length - 3 }]);
    expect(new Set(await readWave("again", kept, 1))).toEqual(new Set([parent, canary, sibling]));
  });

  test("excludes the customers that it names itself; so does a retry of it", async () => {
    const parent = add();
    const child = add(parent);
    await givenLeft();

    world.emulator.setFaults("lost-write=1");
    const first = await retry({ exclude: { customerIds: [child] } }, CAREFUL);
    world.emulator.setFaults("");
    const { report } = await execute(world, { ...RETRY, rolloutId: "again", id: "later" }, { name: "later" });

    expect(first).toMatchObject({
      status: "halted",
      counts: { failed: 1 },
      plan: { flip: ours().length - 1 },
      skippedBy: [
        { code: "not-attempted", customers: ours().length - 2 },
        { code: "excluded", customers: 1 },
      ],
    });
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: ours().length - 1, skipped: 0 } });
    expect([parent, child].map((id) => world.emulator.customer(id)?.writes)).toEqual([1, 0]);
  });

  test("of a rollout that was rolled back is refused, because it would leave what was restored", async () => {
    await execute(world, PROMOTE, { name: "night" });
    await execute(world, { action: "rollback", rolloutId: "night", id: "back" }, { name: "back" });
    const ann = { requestedBy: "ann", reason: "mended", at: "2026-11-23T00:00:00Z" };
    await openLedger(world).changeControls({ ...ann, change: "clear-release", release: "2026.11" });
    const before = rememberFlags(world);

    expect(await retry()).toMatchObject({
      status: "refused",
      problems: [{ code: "was-rolled-back", rolloutId: "night" }],
    });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("names a cohort that the policy does not have: it is refused", async () => {
    const { error } = await execute(world, { ...RETRY, exclude: { cohort: "canary" } }, { name: "retry" });

    expect(error).toMatch(/exclude.cohort: got "canary"; expected a cohort of the policy/);
  });

  test("excludes customers that Evo Voice does not have: it is refused, with no customer flipped", async () => {
    await givenLeft();
    const before = rememberFlags(world);
    const unknown = "64d1f0a2b7c8d90012345678";

    const report = await retry({ exclude: [{ customerIds: [unknown] }, { referenceIds: ["unknown"] }] });

    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "unknown-customers", named: [unknown, "reference unknown"] }],
    });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("skips the customers that the policy and controls protect by now", async () => {
    const families = [add(), add()].map((parent) => ({ parent, child: add(parent) }));
    const [ofPolicy, ofOrder] = families;
    await givenLeft();
    const ann = { requestedBy: "ann", reason: "a launch", at: "2026-11-23T00:00:00Z" };
    await openLedger(world).changeControls({ ...ann, change: "protect", customerIds: [ofOrder?.child ?? ""] });

    const report = await retry({}, { protected: { customerIds: [ofPolicy?.child ?? ""] } });

    expect(report).toMatchObject({
      status: "succeeded",
      plan: { flip: ours().length - 2 },
      skippedBy: [
        { code: "protected-by-policy", by: "id", customers: 1 },
        { code: "protected-by-control", customers: 1 },
      ],
    });
    for (const { parent, child } of families)
      expect([parent, child].map((id) => world.emulator.customer(id)?.writes)).toEqual([1, 0]);
  });

  test("skips who is not there any more, be it that the event named them", async () => {
    const [named = "", ...others] = ours();
    const targets = [{ customerIds: [named, ...others.slice(0, 3)] }];
    await givenLeft({ targets });
    world.emulator.removeCustomer(named);

    const report = await retry();

    expect(report).toMatchObject({ status: "partial", namedSkipped: 1, counts: { flipped: 3, skipped: 1 } });
    expect((await readOutcomes(world, "again")).get(named)).toMatchObject({
      outcome: "skipped",
      reason: { code: "unknown-customer" },
    });
  });

  test("with the hash of another event's plan, or of a plan that is another by now, is refused", async () => {
    await givenLeft();
    const strategy = { waves: [{ customers: 5 }, { rest: true }] };
    const promote = { ...PROMOTE, id: "promote-dry", strategy, dryRun: true };
    const { report } = await execute(world, promote, { name: "promote-dry" });
    const { hash: plan } = (await retry({ id: "dry", dryRun: true })).plan ?? {};

    expect(await retry({ plan: report?.plan?.hash, id: "other-event" })).toMatchObject({
      status: "refused",
      problems: [{ code: "plan-of-another-event", retryOf: "night" }],
    });
    expect(await retry({ plan, strategy, id: "other-waves" })).toMatchObject({
      status: "refused",
      problems: [{ code: "stale-plan", changes: expect.stringContaining("in another wave: ") }],
    });

    const [right = "", gone = ""] = ours();
    world.emulator.setStaging(right, false);
    world.emulator.removeCustomer(gone);
    const before = rememberFlags(world);
    const { status, problems = [] } = await retry({ plan, id: "other-world" });
    expect(status).toBe("refused");
    for (const change of [
      "^2 no longer to be flipped: ",
      `\\(${right}\\): wave 1 → unchanged`,
      `\\(${gone}\\): wave 1 → skipped, `,
    ]) {
      const changes = expect.stringMatching(new RegExp(change));
      expect(problems).toMatchObject([{ code: "stale-plan", plan, changes }]);
    }
    expect(rememberFlags(world)).toEqual(before);
  });
});
