import { execute } from "../../support/execute.ts";
import { type FrontDoor, openFrontDoor } from "../../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { rememberFlags } from "../../support/truth.ts";
import { type Act, expectAborted, runInState, type State, say } from "../command-rows.ts";
import { expectSteered, type SteeringCommand, toAct } from "../steering-rows.ts";

const abort: Act = say({ command: "abort", rollback: true });
const leave: Act = say({ command: "abort", rollback: false });

const ABORTED = { code: "aborted", by: "ann", why: "calls drop" };

describe("an abort", () => {
  test.each<State>(["looks up", "waits for the lock", "flips", "bakes", "is paused between two batches"])(
    "of a rollout that %s turns back what it flipped, if anybody",
    (state) => runInState(state, abort, (ended) => expectAborted(state, ended, "roll back")),
  );

  test.each<State>(["bakes"])("without a rollback of one that %s leaves every customer where it is", (state) =>
    runInState(state, leave, (ended) => expectAborted(state, ended, "halt")),
  );

  test("of a rollback names the remaining customers, and a rollback that is sent again continues", () =>
    runInState("flips back", abort, async ({ report, world, before }) => {
      expect(report).toMatchObject({
        status: "aborted",
        problems: [ABORTED, { code: "rollback-ended-early", why: [ABORTED] }],
        rollback: { restored: 150, conflicting: 0, failed: 20 },
      });
      const left = report.exceptions.filter(({ outcome }) => outcome === "not-restored");
      expect(left).toHaveLength(20);
      for (const { reason } of left) expect(reason).toMatchObject({ code: "not-attempted", why: [ABORTED] });

      const again = await execute(world, { action: "rollback", rolloutId: "night" }, { name: "again" });

      expect(again.report).toMatchObject({
        status: "rolled-back",
        rollback: { restored: 170, conflicting: 0, failed: 0 },
        exceptions: [],
      });
      expect(rememberFlags(world)).toEqual(before);
    }));
});

/** Every command in any state is what the random runs of chaos/ send. */
describe("the command", () => {
  test.each<[SteeringCommand, State]>([
    ["pause", "bakes"],
    ["pause", "flips back"],
    ["resume", "is paused between two batches"],
    ["skip-bake", "bakes"],
    ["skip-all-bakes", "looks up"],
    ["stop-everything", "flips"],
  ])("%s, to a rollout that %s", (command, state) =>
    runInState(state, toAct(command), (ended) => expectSteered(command, state, ended)),
  );
});

describe("through the front door", () => {
  const said = { rolloutId: "night", requestedBy: "ann", reason: "calls drop" } as const;
  let door: FrontDoor;

  beforeEach(async () => {
    door = await openFrontDoor({ customers: 60, stagingShare: 1 });
  });
  afterEach(() => door.close());

  test("an abort ends a rollout in its bake; a later command is refused with how it ended", async () => {
    const { world } = door;
    const before = rememberFlags(world);
    let posts = 0;
    world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
      posts += 1;
      if (posts === 2) await door.send({ ...said, command: "abort" });
    });
    const strategy = { waves: [{ customers: 6, bakeMinutes: 60 }, { rest: true }] };

    await door.send({ action: "promote", release: "2026.11", targets: { all: true }, id: "night", strategy });
    await world.executions.settled();

    expect(await door.send({ command: "status", rolloutId: "night" })).toMatchObject({
      status: "rolled-back",
      problems: [ABORTED],
      counts: { flipped: 6, skipped: 54 },
    });
    expect(rememberFlags(world)).toEqual(before);
    for (const command of ["pause", "resume", "skip-bake", "skip-all-bakes", "abort"] as const) {
      const { errorMessage } = await door.sendRefused({ ...said, command });
      expect(errorMessage).toContain("it has ended as rolled-back: 6 flipped, 54 skipped; aborted by ann");
    }
    const { errorMessage } = await door.sendRefused({
      ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "again" },
    });
    expect(errorMessage).toContain("release 2026.11 is held");
  });
});
