import type { RecordedGateState } from "../core/records.ts";
import { partitionOf } from "./rollouts.ts";
import type { Key, Table } from "./table.ts";

/** What a rollout waits for, so that whoever asks about it hears of it. */
export function createWaits(table: Table) {
  return {
    async recordGateState(rolloutId: string, wait: RecordedGateState): Promise<void> {
      await table.put(toKey(rolloutId), { wait });
    },
    async findWait(rolloutId: string): Promise<RecordedGateState | undefined> {
      return (await table.get(toKey(rolloutId)))?.wait as RecordedGateState | undefined;
    },
  };
}

function toKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "wait" };
}
