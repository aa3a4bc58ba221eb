import type { Stop } from "../core/gate/decision.ts";
import { partitionOf } from "./rollouts.ts";
import type { Item, Key, Table } from "./table.ts";

/** The stop of a rollout, written once. An alarm may be over at the next poll; the stop stays. */
export function createLatchedStop(table: Table) {
  return {
    async latchStop(rolloutId: string, stop: Stop): Promise<void> {
      await table.putIf(toStopKey(rolloutId), { stop }, { expression: "attribute_not_exists(pk)" });
    },
  };
}

export function toStopKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "stop" };
}

export function fromStopItem(item: Item | undefined): Stop | undefined {
  return item?.stop as Stop | undefined;
}
