import type { RolloutsListed } from "../../../lambda/front-door/list-rollouts.ts";
import type { EmulatedCustomer } from "../../../local/emulator/emulated-customer.ts";
import { type FrontDoor, openFrontDoor } from "../../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
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
  return { moved: moved!, tagged: tagged!, created };
}

describe.each([
  ["the GitHub workflow", openGitHub, /^ {10}plan: .*\n/m, "steps.cutover.outputs.plan"],
  ["the GitLab jobs", openGitLab, /^ {4}CUTOVER_PLAN: .*\n/m, "$CUTOVER_OUTPUT_PLAN"],
] as const)("%s of docs/ci.md", (_which, open, input, output) => {
  test("shows the plan, and promotes exactly the customers of it", async () => {
    const staged = findStaged();
    const run = open(door.world.environment);
    const plan = await run("plan");
    expect(plan).toMatchObject({ exitCode: 0 });
    expect(plan.summary).toContain(`| plan | ${staged.length} to flip\\, hash `);
    for (const { id } of staged) expect(plan.summary).toContain(`\\(${id}\\)\n`);
    expect(findStaged()).toHaveLength(staged.length);

    const promote = await run("promote");
    expect(promote).toMatchObject({ exitCode: 0, log: expect.stringContaining("promote v2026.11.0   succeeded") });
    const { rollouts } = (await door.send({ command: "list", plans: true })) as unknown as RolloutsListed;
    expect(rollouts.map(({ via }) => via?.qualifier)).toEqual(["start", "read"]);
    const { emulator } = door.world;
    expect(staged.map(({ id }) => emulator.customer(id)?.isStaging)).toEqual(staged.map(() => false));
    expect(findStaged()).toEqual([]);
  });

  test("flips no customer when the plan is another one, and names what changed", async () => {
    const run = open(door.world.environment);
    await run("plan");
    const { moved, tagged, created } = change();
    const before = rememberFlags(door.world);
    const promote = await run("promote");
    expect(promote.exitCode).toBe(1);
    expectUntouched(door.world, before);
    const log = promote.log.replace(/\s+/g, " ");
    expect(log).toContain("1 to be flipped now, 2 no longer to be flipped: ");
    expect(log).toContain(`(${created.id}): not found → wave 1`);
    expect(log).toContain(`(${moved.id}): wave 1 → unchanged`);
    expect(log).toContain(`(${tagged.id}): wave 1 → skipped, protected by the policy (tag vip)`);
    for (const { id } of [moved, tagged, created]) expect(promote.summary).toContain(id);
  });

  test("is only as safe as its lines: without the input every plan runs, without the output none", async () => {
    const careless = open(door.world.environment, (yaml) => yaml.replace(input, ""));
    const broken = open(door.world.environment, (yaml) => yaml.replace(output, `${output}s`));
    await careless("plan");
    await broken("plan");
    change();
    const before = rememberFlags(door.world);
    expect(await broken("promote")).toMatchObject({ exitCode: 2, log: expect.stringContaining("plan: ") });
    expectUntouched(door.world, before);
    expect(await careless("promote")).toMatchObject({ exitCode: 0 });
  });
});
