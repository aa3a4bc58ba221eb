import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { memberOf } from "../../lambda/contract/member-of.ts";
import { findRepeatedMembers } from "../../lambda/contract/repeated-members.ts";
import { type Options, readFaults, readNumber, readOptions } from "../emulator/read-options.ts";
import { isTrigger, isWebhook, TRIGGERS, type Trigger } from "./trigger.ts";

const SCENARIOS = ["rollback", "crash"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** The options of `npm start`. */
export interface StartOptions {
  /** The deploy event of the file; the front door validates it. */
  readonly event: unknown;
  readonly eventFile: string;
  readonly customers: number;
  readonly seed: number;
  readonly faults: string;
  /** The policy's most requests a second. */
  readonly requestsPerSecond: number;
  readonly json: boolean;
  /** A scenario instead of one rollout. */
  readonly scenario?: Scenario | undefined;
  /** The trigger that delivers the event; without one it is sent as the command line does. */
  readonly trigger?: Trigger | undefined;
}

export type StartArguments =
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "help" }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

const TEXTS = ["scenario", "event", "trigger", "customers", "faults", "rate", "seed"];
const EXAMPLE = fileURLToPath(new URL("./example-event.json", import.meta.url));

/** Reads all options and the event's file; lists every problem. */
export function readStartArguments(args: readonly string[]): StartArguments {
  const read = readOptions(args, TEXTS, ["json", "help"]);
  const { values, problems } = read;
  if (values.has("help")) return { kind: "help" };
  const scenario = readScenario(read);
  const eventFile = values.get("event") ?? EXAMPLE;
  const event = readEvent(eventFile, problems);
  const options = {
    scenario,
    eventFile,
    event,
    trigger: readTrigger(read, event),
    customers: readNumber(read, "customers", 1_000, { least: 1, greatest: 1_000_000 }),
    seed: readNumber(read, "seed", 1, { least: 0, greatest: 4_294_967_295 }),
    faults: readFaults(read),
    requestsPerSecond: readNumber(read, "rate", 1_000, { least: 0.1, greatest: 10_000, fractions: true }),
    json: values.has("json"),
  };
  return problems.length > 0 ? { kind: "bad", problems } : { kind: "start", options };
}

/** A scenario has its own event and no trigger. */
function readScenario({ values, problems }: Options): Scenario | undefined {
  const text = values.get("scenario");
  if (text === undefined) return undefined;
  for (const name of ["event", "trigger"]) {
    if (values.has(name)) problems.push(`--${name}: expected none with --scenario, which has its own`);
  }
  const scenario = SCENARIOS.find((name) => name === text);
  if (scenario === undefined) problems.push(`--scenario ${text}: expected one of ${SCENARIOS.join(", ")}`);
  return scenario;
}

/** CodePipeline's limit for UserParameters, in characters. */
const MOST_PARAMETERS = 1_000;

function readTrigger({ values, problems }: Options, event: unknown): Trigger | undefined {
  const text = values.get("trigger");
  if (text === undefined) return undefined;
  if (!isTrigger(text)) {
    problems.push(`--trigger ${text}: expected one of ${TRIGGERS.join(", ")}`);
    return undefined;
  }
  if (isWebhook(text) && values.has("event")) {
    problems.push(`--event: expected none with --trigger ${text}, because a mapping in the policy starts the rollout`);
  }
  const { length } = JSON.stringify(event) ?? "";
  if (text === "codepipeline" && length > MOST_PARAMETERS) {
    problems.push(`--event: expected at most ${MOST_PARAMETERS} characters with --trigger codepipeline, got ${length}`);
  }
  return text;
}

/** Refuses repeated members: `JSON.parse` silently drops the first, for example an `exclude`. */
function readEvent(file: string, problems: string[]): unknown {
  const report = (what: string) => problems.push(`--event ${file}: expected a file with a deploy event, but ${what}`);
  try {
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const event: unknown = JSON.parse(text);
    for (const { path, message } of findRepeatedMembers(text)) problems.push(`--event ${file}: ${path}: ${message}`);
    if (memberOf(event, "command") !== undefined) report("it is a command, which goes to the front door");
    return JSON.parse(JSON.stringify(event));
  } catch (error) {
    if (error instanceof RangeError) report("it is nested too deeply");
    else report(error instanceof SyntaxError ? `it is not JSON: ${error.message}` : "it cannot be read");
    return undefined;
  }
}
