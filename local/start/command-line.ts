import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findRepeatedMembers } from "../../lambda/contract/repeated-members.ts";
import { FaultSpecError, parseFaults } from "../emulator/faults.ts";
import { isScenario, SCENARIO_NAMES, type Scenario } from "./scenario.ts";
import { isTrigger, isWebhook, TRIGGERS, type Trigger } from "./trigger.ts";

/** What `npm start` was asked for. */
export interface StartOptions {
  /** The deploy event as it was read: the worker judges it. */
  readonly event: unknown;
  readonly eventFile: string;
  readonly customers: number;
  readonly seed: number;
  readonly faults: string;
  /** The policy's most requests a second. */
  readonly requestsPerSecond: number;
  readonly json: boolean;
  /** A story to play instead of one rollout. */
  readonly scenario?: Scenario | undefined;
  /** The way in; without one the event goes straight to the worker. */
  readonly trigger?: Trigger | undefined;
}

export type CommandLine =
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "help" }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

const TEXTS: readonly string[] = ["scenario", "event", "trigger", "customers", "faults", "rate", "seed"];
const FLAGS: readonly string[] = ["json", "help"];
const EXAMPLE = fileURLToPath(new URL("./example-event.json", import.meta.url));
const IN_WAVES = fileURLToPath(new URL("./waves-event.json", import.meta.url));

/** Reads all options and the event's file, and collects every problem in them. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const problems: string[] = [];
  const values = readValues(args, problems);
  if (values.has("help")) return { kind: "help" };
  const number = (name: string, fallback: number, range: Range): number => {
    const text = values.get(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,10}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    const isRight = value >= range.least && value <= range.greatest && (range.fractions || Number.isInteger(value));
    if (!isRight) {
      const kind = range.fractions ? "number" : "whole number";
      problems.push(`--${name} ${text}: expected a ${kind} from ${range.least} to ${range.greatest}`);
    }
    return value;
  };
  const scenario = readScenario(values, problems);
  const eventFile = values.get("event") ?? (scenario === undefined ? EXAMPLE : IN_WAVES);
  const event = readEvent(eventFile, problems);
  const options = {
    scenario,
    eventFile,
    event,
    trigger: readTrigger(values, event, problems),
    customers: number("customers", 1_000, { least: 1, greatest: 1_000_000 }),
    seed: number("seed", 1, { least: 0, greatest: 4_294_967_295 }),
    faults: readFaults(values.get("faults") ?? "", scenario, problems),
    requestsPerSecond: number("rate", 1_000, { least: 0.1, greatest: 10_000, fractions: true }),
    json: values.has("json"),
  };
  return problems.length > 0 ? { kind: "bad", problems } : { kind: "start", options };
}

interface Range {
  readonly least: number;
  readonly greatest: number;
  readonly fractions?: boolean;
}

function readValues(args: readonly string[], problems: string[]): ReadonlyMap<string, string> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...TEXTS.map((name) => [name, { type: "string" }] as const),
      ...FLAGS.map((name) => [name, { type: "boolean" }] as const),
      ["help", { type: "boolean", short: "h" }] as const,
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional")
      problems.push(
        `${token.value}: expected an option, such as --customers 1000; with npm, options stand behind a --`,
      );
    if (token.kind !== "option") continue;
    const problem = values.has(token.name)
      ? `${token.rawName}: expected once`
      : findOptionProblem(token.name, token.rawName, token.value);
    if (problem === undefined) values.set(token.name, token.value ?? "");
    else problems.push(problem);
  }
  return values;
}

function findOptionProblem(name: string, rawName: string, value: string | undefined): string | undefined {
  if (TEXTS.includes(name)) return value === undefined || value === "" ? `${rawName}: expected a value` : undefined;
  if (FLAGS.includes(name)) return value === undefined ? undefined : `${rawName}: expected no value`;
  return `${rawName}: expected one of ${[...TEXTS, ...FLAGS].map((known) => `--${known}`).join(", ")}`;
}

/** A story has its own event and its own way in. */
function readScenario(values: ReadonlyMap<string, string>, problems: string[]): Scenario | undefined {
  const text = values.get("scenario");
  if (text === undefined) return undefined;
  for (const name of ["event", "trigger"]) {
    if (values.has(name)) problems.push(`--${name}: expected none with --scenario, which has its own`);
  }
  if (isScenario(text)) return text;
  problems.push(`--scenario ${text}: expected one of ${SCENARIO_NAMES}`);
  return undefined;
}

/** CodePipeline takes no longer UserParameters. */
const MOST_PARAMETERS = 1_000;

function readTrigger(values: ReadonlyMap<string, string>, event: unknown, problems: string[]): Trigger | undefined {
  const text = values.get("trigger");
  if (text === undefined) return undefined;
  if (!isTrigger(text)) {
    problems.push(`--trigger ${text}: expected one of ${TRIGGERS.join(", ")}`);
    return undefined;
  }
  if (isWebhook(text) && values.has("event")) {
    problems.push(`--event: expected none with --trigger ${text}, whose mapping in the policy says what is started`);
  }
  const { length } = JSON.stringify(event) ?? "";
  if (text === "codepipeline" && length > MOST_PARAMETERS) {
    problems.push(`--event: expected at most ${MOST_PARAMETERS} characters with --trigger codepipeline, got ${length}`);
  }
  return text;
}

/** A member that stands twice would lose its first value silently: an `exclude` that excludes nobody. */
function readEvent(file: string, problems: string[]): unknown {
  const report = (what: string) => problems.push(`--event ${file}: expected a file with a deploy event, but ${what}`);
  try {
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const event: unknown = JSON.parse(text);
    for (const { path, message } of findRepeatedMembers(text)) problems.push(`--event ${file}: ${path}: ${message}`);
    return JSON.parse(JSON.stringify(event));
  } catch (error) {
    if (error instanceof RangeError) report("it is nested too deeply");
    else report(error instanceof SyntaxError ? "it is no JSON" : "it cannot be read");
    return undefined;
  }
}

function readFaults(spec: string, scenario: Scenario | undefined, problems: string[]): string {
  try {
    const { flags } = parseFaults(spec);
    if (scenario === "rollback" && flags.has("children-follow"))
      problems.push(
        "--faults children-follow: expected none with --scenario rollback, whose policy says that they do not",
      );
  } catch (error) {
    if (!(error instanceof FaultSpecError)) throw error;
    problems.push(...error.problems.map((problem) => `--faults ${problem}`));
  }
  return spec;
}
