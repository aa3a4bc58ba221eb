import { type JsonSchema, toCommandSchema } from "./json-schemas.ts";
import { renderCommand } from "./snippets.ts";

const ROLLOUT = { rolloutId: "promote-0f3c9a1b2d4e" };
const ANN = { requestedBy: "ann", reason: "calls drop after ten minutes" };

const READING_COMMANDS = ["statusCommand", "listCommand", "customersCommand", "customerCommand"];
const ROLLOUT_COMMANDS = ["pauseCommand", "continueCommand", "abortCommand", "answerCommand"];
const CONTROL_COMMANDS = [
  "stopCommand",
  "holdCommand",
  "protectCommand",
  "unprotectCommand",
  "freezeCommand",
  "liftFreezeCommand",
  "loginCommand",
  "controlsCommand",
];

/** The chapter of docs/events.md about commands. */
export function renderCommands(): string {
  return `## Commands

A command asks about a rollout, steers a running rollout, or changes the controls, which apply to every rollout. It goes through the
front door like an event ([how](triggers.md#commands)), and is one JSON object: [command.schema.json](command.schema.json). Every command
that changes something needs \`requestedBy\` and \`reason\`. A command with an \`id\` is done once, even if it is sent again.

These commands only read:

${renderTable(READING_COMMANDS)}

The status as a text to read, the last rollouts, the customers that a rollout could not flip, and what became of one customer:

${renderCommand({ command: "status", ...ROLLOUT, format: "plain" })}

${renderCommand({ command: "list" })}

${renderCommand({ command: "customers", ...ROLLOUT, outcome: "failed" })}

${renderCommand({ command: "customer", referenceId: "REF-000042" })}

These commands steer a running rollout, which they name by its \`rolloutId\`:

${renderTable(ROLLOUT_COMMANDS)}

A pause of half an hour, an abort that leaves every customer as it is, and an approval:

${renderCommand({ command: "pause", ...ROLLOUT, minutes: 30, ...ANN })}

${renderCommand({ command: "abort", ...ROLLOUT, rollback: false, ...ANN, id: "ticket-4711" })}

${renderCommand({ command: "approve", ...ROLLOUT, plan: "0f3c9a1b2d4e", wave: 2, ...ANN, reason: "the pilots are happy" })}

These commands change the controls. A control applies to running rollouts, within seconds, and to every later event:

${renderTable(CONTROL_COMMANDS)}

${renderCommand({ command: "stop-everything", ...ANN })}

${renderCommand({ command: "clear-release", release: "2026.12.0", requestedBy: "ann", reason: "fixed by a setting" })}

${renderCommand({ command: "freeze", name: "trade-fair", until: "2026-11-30T18:00:00Z", ...ANN })}

${renderCommand({ command: "protect", customerIds: ["64d1f0a2b7c8d90012340001"], ...ANN })}`;
}

function renderTable(commands: readonly string[]): string {
  const { $defs } = toCommandSchema();
  const rows = commands.map((name) => renderRow($defs?.[name] ?? {}));
  return ["| command | effect | own members |", "| --- | --- | --- |", ...rows].join("\n");
}

const SHARED = ["command", "rolloutId", "requestedBy", "reason", "id"];

function renderRow({ properties: { command, ...members } = {}, required = [] }: JsonSchema): string {
  const names = (command?.enum ?? [command?.const]).map((name) => `\`${String(name)}\``).join(", ");
  const own = Object.entries(members)
    .filter(([name]) => !SHARED.includes(name))
    .map(([name, member]) => renderMember(name, member, required.includes(name)));
  return `| ${names} | ${command?.description ?? ""} | ${own.join("; ")} |`;
}

function renderMember(name: string, member: JsonSchema, isRequired: boolean): string {
  const fallback = member.default === undefined ? "" : `; \`${JSON.stringify(member.default)}\` by default`;
  return `\`${name}\`${isRequired && member.default === undefined ? ", required" : ""}: ${member.description ?? ""}${fallback}`;
}
