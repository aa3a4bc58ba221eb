import { type Advice, adviseReader } from "../lambda/core/report/next-steps.ts";
import { hang } from "../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Door } from "./connect.ts";
import { findColumns } from "./terminal.ts";

/** What can be done next, with the command lines that do it. Of a plan, `cutover plan` says that itself. */
export function describeNext(door: Door, answer: StatusAnswer): readonly string[] {
  const advice = "counts" in answer && answer.status !== "planned" ? adviseReader(answer) : [];
  const lines = advice.flatMap(({ say, send }) => [
    ...hang("  ", say, findColumns()),
    ...(send === undefined ? [] : [`  ${door.toCommand(...toWords(send))}`]),
  ]);
  return lines.length === 0 ? [] : ["next", ...lines];
}

const VERBS: Readonly<Record<string, string>> = { "clear-release": "release", "hold-release": "hold" };

/** The verb for a command or an event of the advice. */
function toWords(send: NonNullable<Advice["send"]>): readonly string[] {
  const { command, action, rolloutId, release, plan, wave, reason } = send as Readonly<
    Record<string, string | undefined>
  >;
  const name = command ?? action ?? "";
  const about = rolloutId ?? release ?? "";
  return [
    VERBS[name] ?? name,
    ...(command === undefined && rolloutId === undefined ? ["--release", about] : [about]),
    ...(name === "status" ? ["--watch"] : []),
    ...(plan === undefined ? [] : ["--plan", plan, "--wave", String(wave)]),
    ...(reason === undefined ? [] : ["--reason", reason]),
  ];
}
