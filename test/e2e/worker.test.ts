import { createWorker } from "../../lambda/worker.ts";
import { toContext } from "../../local/durable/run-execution.ts";
import { afterEach, describe, expect, test } from "../support/jest.ts";
import { toArn } from "../support/run-handler.ts";
import { PARTS, readOutcomes, startWorld, type World, type WorldOptions } from "../support/world.ts";

let world: World | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function given(options: WorldOptions): Promise<World> {
  world = await startWorld(options);
  return world;
}

describe("400 customers, 120 of them on staging", () => {
  test.each([
    { action: "promote", flag: false, flipped: 120 },
    { action: "stage", flag: true, flipped: 280 },
  ])(
    "$action flips $flipped, leaves the others, and the emulator agrees customer by customer",
    async ({ action, flag, flipped }) => {
      const { emulator, run, readLedger } = await given({ customers: 400 });
      const before = new Map([...emulator.customers()].map(({ id, isStaging }) => [id, isStaging]));

      const { report } = await run({ action, release: "2026.11", targets: { all: true } });

      expect(report).toMatchObject({
        status: "succeeded",
        counts: { flipped, unchanged: 400 - flipped, skipped: 0, failed: 0 },
      });
      const outcomes = await readOutcomes({ readLedger }, report.rolloutId);
      expect(outcomes.size).toBe(400);
      for (const { id, accountId, isStaging, writes } of emulator.customers()) {
        const isTarget = accountId === emulator.accountId;
        expect({ id, isStaging, writes }).toEqual({
          id,
          isStaging: isTarget ? flag : before.get(id),
          writes: isTarget && before.get(id) !== flag ? 1 : 0,
        });
      }
    },
  );
});

test("an invocation whose token is stale is one that Lambda repeats; the execution does not end", async () => {
  const { policy } = await given({ customers: 1 });
  const [DurableExecutionArn, event] = [toArn("night"), { action: "promote", release: "1", targets: { all: true } }];
  const execution = { Id: "0", Type: "EXECUTION", Status: "STARTED", StartTimestamp: new Date() } as const;
  const Operations = [{ ...execution, ExecutionDetails: { InputPayload: JSON.stringify(event) } }];
  const input = { DurableExecutionArn, CheckpointToken: "past", InitialExecutionState: { Operations } };

  const ended = createWorker({ policy, ...PARTS })(input, toContext({ executionArn: DurableExecutionArn }));

  await expect(ended).rejects.toThrow(/Invalid checkpoint token/);
});
