import { adviseReader } from "../../lambda/core/report/next-steps.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" };
const RETRY = { action: "retry", rolloutId: "night", id: "again" };
const FLIP = "SetCustomerStagingMode";
const BAKES = { waves: [{ customers: 5, bakeMinutes: 1 }, { customers: 5, bakeMinutes: 1 }, { rest: true }] };

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 0.5 });
});
afterEach(() => world.close());

const ours = () => [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);
const onStaging = () => ours().filter(({ isStaging }) => isStaging);

async function run(
  event: Readonly<Record<string, unknown>> & { readonly id: string },
  policy: object = {},
): Promise<{ readonly report: Report }> {
  const executed = await execute(world, event, { name: event.id, policy: { settleSeconds: 0, ...policy } });
  expect(executed.error).toBeUndefined();
  return { report: executed.report as Report };
}

/** Does something before the request of this operation that has this number, counted from 1. */
function atRequest(operation: string, number: number, act: () => void): void {
  let seen = 0;
  world.emulator.onRequest((request) => {
    if (request.operation === operation && request.phase === "arrived") seen += 1;
    if (seen === number) act();
    if (seen === number) seen += 1;
  });
}

describe("at its end, a rollout names", () => {
  test("a customer that the lookup missed, because one that was right was deleted meanwhile", async () => {
    const [right, ...others] = ours();
    const missed = others[9]?.id ?? "";
    for (const { id } of others) world.emulator.setStaging(id, true);
    world.emulator.setStaging(right?.id ?? "", false);
    atRequest("ListCustomers", 2, () => {
      world.emulator.removeCustomer(right?.id ?? "");
      world.emulator.addCustomer({ isStaging: false });
    });

    const { report } = await run(PROMOTE, { pageSize: 10, concurrency: 1 });

    expect(report).toMatchObject({ status: "partial", counts: { flipped: 38, deferred: 1 } });
    expect(report.exceptions).toMatchObject([{ customerId: missed, reason: { code: "appeared" } }]);
    expect(onStaging().map(({ id }) => id)).toEqual([missed]);
  });

  test("customers that were created or tagged during a bake, and a retry takes them", async () => {
    const tagged = ours().filter(({ isStaging, tagNames }) => isStaging && !tagNames.includes("beta"));
    for (const { id } of ours()) world.emulator.setTags(id, []);
    for (const { id } of tagged.slice(2)) world.emulator.setTags(id, ["beta"]);
    const appeared = tagged.slice(0, 2).map(({ id }) => id);
    let asPlanned: readonly string[] = [];
    atRequest(FLIP, 6, () => {
      for (const id of appeared) world.emulator.setTags(id, ["beta"]);
      const create = (isStaging: boolean, ...tagNames: string[]) =>
        world.emulator.addCustomer({ isStaging, tagNames: ["beta", ...tagNames] }).id;
      appeared.push(create(true), create(true));
      asPlanned = [create(false), create(true, "vip")];
    });
    const policy = { protected: { tags: ["vip"] } };

    const { report } = await run({ ...PROMOTE, targets: { tags: ["beta"] }, strategy: BAKES }, policy);

    expect(report).toMatchObject({
      ...{ status: "partial", counts: { flipped: tagged.length - 2, deferred: 4, failed: 0 } },
    });
    expect(adviseReader(report).at(-1)?.send).toEqual({ action: "retry", rolloutId: "night" });
    const outcomes = await readOutcomes(world, "night");
    expect(appeared.map((id) => outcomes.get(id)?.reason.code)).toEqual(appeared.map(() => "appeared"));
    expect(asPlanned.map((id) => outcomes.get(id))).toEqual([undefined, undefined]);
    expect((await run(RETRY, policy)).report).toMatchObject({ status: "succeeded", counts: { flipped: 4 } });
  });

  test("customers that something else moved since; a rollback restores them, a retry leaves them", async () => {
    const before = rememberFlags(world);
    const right = ours().find(({ isStaging }) => !isStaging)?.id ?? "";
    const moved = [right];
    atRequest(FLIP, 6, () => {
      moved.push(ours().find(({ writes }) => writes > 0)?.id ?? "");
      for (const id of moved) world.emulator.setStaging(id, true);
    });

    const { report } = await run({ ...PROMOTE, strategy: BAKES });

    expect(report).toMatchObject({ status: "partial", counts: { failed: 2, deferred: 0 } });
    for (const customerId of moved)
      expect(report.exceptions).toContainEqual(
        expect.objectContaining({ customerId, reason: expect.objectContaining({ code: "changed-since" }) }),
      );
    expect(adviseReader(report).map(({ send }) => send)).toEqual([
      { command: "customers", rolloutId: "night", outcome: "failed" },
    ]);
    expect((await run(RETRY)).report).toMatchObject({ status: "refused", problems: [{ code: "none-left" }] });
    world.emulator.setStaging(right, false);
    const back = { action: "rollback", rolloutId: "night", id: "back" };
    expect((await run(back)).report).toMatchObject({ status: "rolled-back", rollback: { failed: 0 } });
    expect(rememberFlags(world)).toEqual(before);
  });

  test("no customer of an earlier rollout in a retry, but one that was created since", async () => {
    world.emulator.setFaults("lost-write=1");
    const policy = { failureBudget: 0, onFailure: "halt", smallestSample: 1, concurrency: 1 };
    expect((await run(PROMOTE, policy)).report).toMatchObject({ status: "halted" });
    world.emulator.setFaults("");
    const moved = ours().find(({ isStaging }) => !isStaging)?.id ?? "";
    world.emulator.setStaging(moved, true);
    const created = world.emulator.addCustomer({ isStaging: true }).id;

    const { report } = await run(RETRY);

    expect(report).toMatchObject({ status: "partial", counts: { deferred: 1, failed: 0 } });
    expect(report.exceptions).toMatchObject([{ customerId: created, reason: { code: "appeared" } }]);
  });
});

test("when the customers cannot be listed at the end, the flips stand, and the report says so", async () => {
  atRequest(FLIP, onStaging().length, () => world.emulator.setFaults("wrong-total=3"));

  const { report } = await run(PROMOTE);

  expect(report).toMatchObject({ status: "partial", problems: [{ code: "end-not-listed" }], counts: { failed: 0 } });
  expect(onStaging()).toEqual([]);
});
