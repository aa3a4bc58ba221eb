import { type JsonSchema, toCommandSchema } from "./json-schemas.ts";
import { renderCommand } from "./snippets.ts";

const ROLLOUT = { rolloutId: "promote-0f3c9a1b2d4e" };
const ANN = { requestedBy: "ann", reason: "calls drop after ten minutes" };

const STEERING = ["statusCommand", "pauseCommand", "goOnCommand", "abortCommand"];
const ORDERING = ["stopCommand", "holdCommand", "protectCommand", "ordersCommand"];

/** The chapter of docs/events.md about what is sent to running rollouts. */
export function renderCommands(): string {
  return `## Commands

A command asks about a rollout, steers one that runs, or changes the controls, which apply to every rollout. It goes through the front
door like an event ([how](triggers.md#commands)), and is one JSON object, too: [command.schema.json](command.schema.json). \`requestedBy\` and \`reason\`
must be given with every command but \`status\` and \`controls\`. One with an \`id\` is done once, however often it is sent.

These name a rollout by its \`rolloutId\`:

${renderTable(STEERING)}

How it stands, a pause of half an hour, and an end that leaves everything as it is:

${renderCommand({ command: "status", ...ROLLOUT })}

${renderCommand({ command: "pause", ...ROLLOUT, minutes: 30, ...ANN })}

${renderCommand({ command: "abort", ...ROLLOUT, rollback: false, ...ANN, id: "ticket-4711" })}

These are the controls. They work on rollouts that run, at their next batch, and on every event that comes later:

${renderTable(ORDERING)}

${renderCommand({ command: "stop-everything", ...ANN })}

${renderCommand({ command: "clear-release", release: "2026.12.0", requestedBy: "ann", reason: "mended by a setting" })}

${renderCommand({ command: "protect", customerIds: ["64d1f0a2b7c8d90012340001"], ...ANN })}

This version has no \`approve\`, \`reject\` and \`reconcile\`: they are refused by name.`;
}

function renderTable(commands: readonly string[]): string {
  const { $defs } = toCommandSchema();
  const rows = commands.map((name) => renderRow($defs?.[name] ?? {}));
  return ["| command | what it does | members of its own |", "| --- | --- | --- |", ...rows].join("\n");
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
  const fallback = member.default === undefined ? "" : `; \`${JSON.stringify(member.default)}\` when left out`;
  return `\`${name}\`${isRequired && member.default === undefined ? ", required" : ""}: ${member.description ?? ""}${fallback}`;
}
