import type { CommandRecord } from "../core/gate/apply-commands.ts";
import type { GateInputs } from "../core/gate/evaluate-gate.ts";
import { fromStopItem, toStopKey } from "./latched-stop.ts";
import { toControls, toControlsKey } from "./lock.ts";
import { partitionOf } from "./rollouts.ts";
import type { Item, Key, Table } from "./table.ts";

const MOST_COMMANDS = 100;
/** The last ten places are reserved for `abort`. */
const KEPT_FOR_ABORT = 10;

/** The commands of a rollout: a list that only grows. */
export function createCommands(table: Table, environment: string) {
  return {
    /** Adds a command unless the list has its id; `full` when the list has 100 commands. */
    async addCommand(rolloutId: string, command: CommandRecord): Promise<"added" | "known" | "full"> {
      const key = toKey(rolloutId);
      for (;;) {
        const commands = toCommands(await table.get(key));
        if (commands.some(({ id }) => id === command.id)) return "known";
        if (commands.length >= (command.command === "abort" ? MOST_COMMANDS : MOST_COMMANDS - KEPT_FOR_ABORT))
          return "full";
        if (await table.putIf(key, { commands: [...commands, command] }, hasLength(commands.length))) return "added";
      }
    },
    /** The current controls, the rollout's commands and its stop. */
    async readGateInputs(rolloutId: string): Promise<GateInputs> {
      const keys = [toControlsKey(environment), toKey(rolloutId), toStopKey(rolloutId)];
      const [controls, commands, stopped] = await table.getAll(keys);
      const stop = fromStopItem(stopped);
      return { controls: toControls(controls), commands: toCommands(commands), ...(stop && { stop }) };
    },
  };
}

function toKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "commands" };
}

function toCommands(item: Item | undefined): readonly CommandRecord[] {
  return (item?.commands as readonly CommandRecord[] | undefined) ?? [];
}

/** A list that only grows is unchanged when its length is unchanged. */
function hasLength(length: number) {
  if (length === 0) return { expression: "attribute_not_exists(pk)" };
  return { expression: "size(#commands) = :read", names: { "#commands": "commands" }, values: { ":read": length } };
}
