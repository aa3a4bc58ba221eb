import type { RolloutsListed } from "../../../lambda/front-door/list-rollouts.ts";
import type { EmulatedCustomer } from "../../../local/emulator/emulated-customer.ts";
import { type FrontDoor, openFrontDoor } from "../../support/front-door.ts";
import { afterEach, beforeEach, expect, test } from "../../support/jest.ts";
import { expectUntouched, rememberFlags } from "../../support/truth.ts";
import { openGitHub, openGitLab } from "./pipelines.ts";

let door: FrontDoor;

beforeEach(async () => {
  door = await openFrontDoor({ customers: 30, stagingShare: 0.5, policy: { protected: { tags: ["vip"] } } });
});
afterEach(() => door.close());

/** Customers of the policy's account that a promote flips. */
function findStaged(): readonly EmulatedCustomer[] {
  const { accountId, customers } = door.world.emulator;
  return [...customers()].filter(
    (each) => each.isStaging && each.accountId === accountId && !each.tagNames.includes("vip"),
  );
}

/** One customer moves, one gets a protected tag, one is created. */
function change() {
  const { emulator } = door.world;
  const [moved, tagged] = findStaged();
  emulator.setStaging(moved!.id, false);
  emulator.setTags(tagged!.id, [...tagged!.tagNames, "vip"]);
  const created = emulator.addCustomer({ name: "Created in between", isStaging: true });
  function undo(): void {
    emulator.setStaging(moved!.id, true);
    emulator.setTags(tagged!.id, tagged!.tagNames);
    emulator.removeCustomer(created.id);
  }
  return { moved: moved!, tagged: tagged!, created, undo };
}

test.each([
  ["the GitHub workflow", openGitHub],
  ["the GitLab jobs", openGitLab],
] as const)("%s of docs/ci.md promotes the plan that it showed, and no other one", async (_which, open) => {
  const run = open(door.world.environment);
  const staged = findStaged();
  let before = rememberFlags(door.world);
  expect(await run("promote")).toMatchObject({ exitCode: 2, log: expect.stringContaining("plan: ") });

  const plan = await run("plan");
  expect(plan).toMatchObject({ exitCode: 0 });
  expect(plan.summary).toContain(`| plan | ${staged.length} to flip\\, hash `);
  for (const { id } of staged) expect(plan.summary).toContain(`\\(${id}\\)\n`);
  expectUntouched(door.world, before);

  const { moved, tagged, created, undo } = change();
  before = rememberFlags(door.world);
  const stale = await run("promote");
  expect(stale.exitCode).toBe(1);
  expectUntouched(door.world, before);
  const log = stale.log.replace(/\s+/g, " ");
  expect(log).toContain("1 to be flipped now, 2 no longer to be flipped: ");
  expect(log).toContain(`(${created.id}): not found → wave 1`);
  expect(log).toContain(`(${moved.id}): wave 1 → unchanged`);
  expect(log).toContain(`(${tagged.id}): wave 1 → skipped, protected by the policy (tag vip)`);
  for (const { id } of [moved, tagged, created]) expect(stale.summary).toContain(id);

  undo();
  const promote = await run("promote");
  expect(promote).toMatchObject({ exitCode: 0, log: expect.stringContaining("promote v2026.11.0   succeeded") });
  const { rollouts } = (await door.send({ command: "list", plans: true })) as unknown as RolloutsListed;
  expect(rollouts.map(({ status, via }) => [status, via?.qualifier])).toEqual([
    ["succeeded", "start"],
    ["refused", "start"],
    ["planned", "read"],
  ]);
  const { emulator } = door.world;
  expect(staged.map(({ id }) => emulator.customer(id)?.isStaging)).toEqual(staged.map(() => false));
  expect(findStaged()).toEqual([]);
});
