import type { GateRecord } from "../core/gate/evaluate-gate.ts";
import { partitionOf } from "./rollouts.ts";
import type { Key, Table } from "./table.ts";

/** The gate's last poll, for the command `status`. */
export function createGateState(table: Table) {
  return {
    async saveGateState(rolloutId: string, gate: GateRecord): Promise<void> {
      await table.put(toKey(rolloutId), { gate });
    },
    async findGateState(rolloutId: string): Promise<GateRecord | undefined> {
      return (await table.get(toKey(rolloutId)))?.gate as GateRecord | undefined;
    },
  };
}

function toKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "gate-state" };
}
