import type { Advice, AdviceWriter } from "../lambda/contract/advice.ts";
import { toFlag } from "./to-flag.ts";

/** For a reader of the command line. `options` say which deployment. */
export function createAdviceWriter(options: readonly string[]): AdviceWriter {
  return ({ send, add }) => {
    if (send !== undefined) return toCommandLine([...toWords(send), ...options]);
    return add && describeTyped(process.argv.slice(2), add);
  };
}

/** For a POSIX shell. */
export function toCommandLine(words: readonly string[]): string {
  return ["cutover", ...words]
    .map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** The event that was typed, with more flags; of another verb, such as `status`, only the flags. */
function describeTyped(argv: readonly string[], add: NonNullable<Advice["add"]>): string {
  const flags = Object.entries(add).flatMap(([member, value]) => toFlags(member, value));
  const at = argv.findIndex((word) => SENDS.includes(word));
  if (at === -1) return ["the same command with", ...flags].join(" ");
  const isOnlyPlanned = add.dryRun === false && argv[at] === "plan";
  const typed = argv.filter((word, index) => !FORMS.includes(word) && !(isOnlyPlanned && index === at));
  return toCommandLine([...typed, ...flags]);
}

const SENDS: readonly string[] = ["plan", "stage", "promote", "rollback", "retry"];
const FORMS: readonly string[] = ["--json", "--csv", "--yes"];

function toFlags(member: string, value: unknown): readonly string[] {
  if (value === undefined || typeof value === "boolean") return [];
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([inner, each]) => toFlags(`${member}.${inner}`, each))
    : [toFlag(member), String(value)];
}

const VERBS: Readonly<Record<string, string>> = {
  "clear-release": "release",
  "hold-release": "hold",
  "stop-everything": "stop",
  "resume-everything": "go",
};

/** The verb for a command or an event. */
function toWords(send: NonNullable<Advice["send"]>): readonly string[] {
  const { command, action, rolloutId, release, name, plan, wave, reason } = send as Readonly<
    Record<string, string | undefined>
  >;
  const verb = command ?? action ?? "";
  const isOfRelease = command === undefined && rolloutId === undefined;
  const about = rolloutId ?? release ?? name;
  return [
    VERBS[verb] ?? verb,
    ...(isOfRelease ? ["--release"] : []),
    ...(about === undefined ? [] : [about]),
    ...(verb === "status" ? ["--watch"] : []),
    ...(plan === undefined ? [] : ["--plan", plan, "--wave", String(wave)]),
    ...(reason === undefined ? [] : ["--reason", reason]),
  ];
}
