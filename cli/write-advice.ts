import { basename, relative } from "node:path";
import type { Advice, AdviceWriter } from "../lambda/contract/advice.ts";
import { toFlag } from "./to-flag.ts";

/** What was typed, and how: see `findProgram`. */
export interface Typed {
  readonly program: readonly string[];
  /** The verb and the words behind it, without the options that say which deployment. */
  readonly words: readonly string[];
  readonly deployment: readonly string[];
}

/** For a reader of the command line. */
export function createAdviceWriter(typed: Typed): AdviceWriter {
  return ({ send, add }) => {
    if (send !== undefined) return toCommandLine(typed, toWords(send));
    return add && describeTyped(typed, add);
  };
}

/** For a POSIX shell. */
export function toCommandLine({ program, deployment }: Omit<Typed, "words">, words: readonly string[]): string {
  return [...program, ...words, ...deployment]
    .map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** How this program was started: by npm, as an installed `cutover`, or as a file. */
export function findProgram({ argv: [, file = ""], env }: Pick<NodeJS.Process, "argv" | "env">): readonly string[] {
  if (env.npm_command === "exec") return ["npx", "cutover"];
  return basename(file) === "cutover" ? ["cutover"] : ["node", relative("", file)];
}

/** The event that was typed, with more flags, or as a plan; of another verb, such as `status`, only the flags. */
function describeTyped(typed: Typed, add: NonNullable<Advice["add"]>): string {
  const flags = Object.entries(add).flatMap(([member, value]) => toFlags(member, value));
  const [verb = ""] = typed.words;
  if (!SENDS.includes(verb))
    return add.dryRun ? "plan with the same words" : ["the same command with", ...flags].join(" ");
  const words = verb === "plan" ? withoutPlan(typed.words) : typed.words;
  const sent = words.filter((word) => !FORMS.includes(word));
  return toCommandLine(typed, add.dryRun ? ["plan", ...withoutHash(sent)] : [...sent, ...flags]);
}

/** A plan flips no customer: advice about a plan is for its rollout. With --event, the action stands in the file. */
function withoutPlan([, ...words]: readonly string[]): readonly string[] {
  return SENDS.includes(words[0] ?? "") ? words : ["ACTION", ...words];
}

function withoutHash(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => !word.startsWith("--plan") && words[index - 1] !== "--plan");
}

const SENDS: readonly string[] = ["plan", "stage", "promote", "rollback", "retry"];
const FORMS: readonly string[] = ["--csv", "--yes"];

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
  const { command, action, rolloutId, release, name, plan, wave, outcome, reason } = send as Readonly<
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
    ...(outcome === undefined ? [] : ["--outcome", outcome]),
    ...(reason === undefined ? [] : ["--reason", reason]),
  ];
}
