import type { CommandRecord } from "../core/gate/apply-commands.ts";
import type { Stop } from "../core/gate/decision.ts";
import type { GateInputs, GateRecord } from "../core/gate/evaluate-gate.ts";
import { controlsKey, rolloutKey } from "./keys.ts";
import { toControls } from "./lock.ts";
import { ABSENT, type Item, type Table } from "./table.ts";

const MOST_COMMANDS = 100;
/** The last ten places are reserved for `abort`. */
const KEPT_FOR_ABORT = 10;

/** What a gate reads and leaves: the rollout's commands, its stop and the last poll. */
export function createGateRecords(table: Table, environment: string) {
  return {
    /** Adds a command unless the list has its id; `full` when the list has 100 commands. */
    async addCommand(rolloutId: string, command: CommandRecord): Promise<"added" | "known" | "full"> {
      const key = rolloutKey(rolloutId, "commands");
      for (;;) {
        const commands = toCommands(await table.get(key));
        const { length } = commands;
        if (commands.some(({ id }) => id === command.id)) return "known";
        if (length >= mostFor(command)) return "full";
        const item = { commands: [...commands, command], count: length + 1 };
        if (await table.putIf(key, item, { count: length === 0 ? ABSENT : length })) return "added";
      }
    },
    /** The current controls, the rollout's commands and its stop. */
    async readGateInputs(rolloutId: string): Promise<GateInputs> {
      const keys = [controlsKey(environment), rolloutKey(rolloutId, "commands"), rolloutKey(rolloutId, "stop")];
      const [controls, commands, stopped] = await table.getAll(keys);
      const stop = stopped?.stop as Stop | undefined;
      return { controls: toControls(controls), commands: toCommands(commands), ...(stop && { stop }) };
    },
    /** Written once: an alarm may be over at the next poll, but the stop stays. */
    async latchStop(rolloutId: string, stop: Stop): Promise<void> {
      await table.putIf(rolloutKey(rolloutId, "stop"), { stop }, { pk: ABSENT });
    },
    /** The gate's last poll, for the command `status`. */
    async saveGateState(rolloutId: string, gate: GateRecord): Promise<void> {
      await table.put(rolloutKey(rolloutId, "gate-state"), { gate });
    },
    async findGateState(rolloutId: string): Promise<GateRecord | undefined> {
      return (await table.get(rolloutKey(rolloutId, "gate-state")))?.gate as GateRecord | undefined;
    },
  };
}

function mostFor({ command }: CommandRecord): number {
  return command === "abort" ? MOST_COMMANDS : MOST_COMMANDS - KEPT_FOR_ABORT;
}

function toCommands(item: Item | undefined): readonly CommandRecord[] {
  return (item?.commands as readonly CommandRecord[] | undefined) ?? [];
}
