import { type CommandRecord, NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import { beginRollback } from "../../../../../lambda/steps/rollback/begin-rollback.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCommand } from "../../core/a-snapshot.ts";
import { aRollout, CONTROLS, fakePorts, useLedgerWorld } from "../fake-ports.ts";

const world = useLedgerWorld();

const restore = aCommand({ command: "abort", rollback: true });
const stay = aCommand({ command: "abort", rollback: false });
const pause = aCommand({ command: "pause" });

/** How many commands have no effect on the rollback of the rollout itself. */
async function countPassed(commands: readonly CommandRecord[]): Promise<number> {
  const readGateInputs = async () => ({ controls: CONTROLS, commands });
  const ports = fakePorts(world(), { customers: [], ledger: { readGateInputs } });
  const source = { rollouts: [{ rolloutId: "night", batches: 1 }], action: "promote", release: "2026.11" } as const;
  const { commandState } = await beginRollback(ports, aRollout("night"), { source, commandState: NO_COMMANDS });
  return commandState.seen;
}

test.each([
  ["a late abort with a rollback", [restore], 1],
  ["two late aborts, the last one with a rollback", [stay, restore], 2],
  ["a late abort with a rollback, then a pause, which holds it", [restore, pause], 1],
])("a rollback does what %s asks for, and is not ended by it", async (_what, commands, passed) => {
  expect(await countPassed(commands)).toBe(passed);
});

test.each([
  ["an abort that leaves each customer where it is", [stay]],
  ["two aborts, the last one without a rollback", [restore, stay]],
  ["an abort that was sent while the rollout rolled back", [{ ...restore, phase: "rolling back" as const }]],
])("a rollback is ended by %s", async (_what, commands) => {
  expect(await countPassed(commands)).toBe(0);
});
