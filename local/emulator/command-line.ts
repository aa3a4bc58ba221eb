import { parseArgs } from "node:util";
import type { EmulatorOptions } from "./emulator.ts";
import { FaultSpecError, parseFaults } from "./faults.ts";

/** What `npm run emulator` was asked for. */
export interface CommandLine {
  readonly options: EmulatorOptions;
  readonly json: boolean;
  readonly help: boolean;
}

interface BadCommandLine {
  readonly problems: readonly string[];
}

/** Reads all options and collects every problem in them. */
export function readCommandLine(args: readonly string[]): CommandLine | BadCommandLine {
  const problems: string[] = [];
  const values = readOptions(args, problems);
  const whole = (name: string, fallback: number, greatest: number): number => {
    const text = values.get(name) ?? String(fallback);
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number <= greatest)) problems.push(`--${name} ${text}: expected a whole number from 0 to ${greatest}`);
    return number;
  };
  const shareText = values.get("staging-share") ?? "0.3";
  const stagingShare = /^\d*\.?\d+$/.test(shareText) ? Number(shareText) : Number.NaN;
  if (!(stagingShare <= 1)) problems.push(`--staging-share ${shareText}: expected a number from 0 to 1`);
  const faults = values.get("faults") ?? "";
  problems.push(...findFaultProblems(faults));
  const options = {
    port: whole("port", 0, 65_535),
    customers: whole("customers", 1000, 10_000_000),
    seed: whole("seed", 1, 4_294_967_295),
    stagingShare,
    faults,
  };
  const help = values.has("help");
  return problems.length > 0 && !help ? { problems } : { options, json: values.has("json"), help };
}

const texts: readonly string[] = ["port", "customers", "seed", "staging-share", "faults"];
const flags: readonly string[] = ["json", "help"];

function readOptions(args: readonly string[], problems: string[]): ReadonlyMap<string, string> {
  const known = Object.fromEntries([
    ...texts.map((name) => [name, { type: "string" }] as const),
    ...flags.map((name) => [name, { type: "boolean" }] as const),
    ["help", { type: "boolean", short: "h" }] as const,
  ]);
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") {
      problems.push(`${token.value} is not an option`);
    } else if (token.kind === "option") {
      const problem = toOptionProblem(token.name, token.rawName, token.value);
      if (problem !== undefined) problems.push(problem);
      values.set(token.name, token.value ?? "");
    }
  }
  return values;
}

function toOptionProblem(name: string, rawName: string, value: string | undefined): string | undefined {
  if (texts.includes(name)) return value === undefined ? `--${name} needs a value` : undefined;
  if (flags.includes(name)) return value === undefined ? undefined : `--${name} takes no value`;
  return `${rawName} is not an option (valid: ${[...texts, ...flags].map((valid) => `--${valid}`).join(", ")})`;
}

function findFaultProblems(spec: string): readonly string[] {
  try {
    parseFaults(spec);
    return [];
  } catch (error) {
    if (error instanceof FaultSpecError) return error.problems.map((problem) => `--faults ${problem}`);
    throw error;
  }
}
