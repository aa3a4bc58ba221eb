import { parseArgs } from "node:util";
import { didYouMean } from "../../lambda/contract/find-closest.ts";
import { FaultSpecError, parseFaults } from "./faults.ts";

/** The options of a command line by name, and every problem. */
export interface Options {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: string[];
}

/** Reads options with a value, flags without a value, and `-h`. */
export function readOptions(args: readonly string[], texts: readonly string[], flags: readonly string[]): Options {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...texts.map((name) => [name, { type: "string" }] as const),
      ...flags.map((name) => [name, { type: "boolean" }] as const),
      ["help", { type: "boolean", short: "h" }] as const,
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const [values, problems] = [new Map<string, string>(), [] as string[]];
  const findProblem = (name: string, value: string | undefined): string | undefined => {
    if (values.has(name)) return "expected once";
    if (texts.includes(name)) return value === undefined ? "expected a value" : undefined;
    if (flags.includes(name)) return value === undefined ? undefined : "expected no value";
    const known = [...texts, ...flags].map((each) => `--${each}`);
    return `expected one of ${known.join(", ")}${didYouMean(`--${name}`, known)}`;
  };
  for (const token of tokens) {
    if (token.kind === "positional")
      problems.push(`${token.value}: expected an option, such as --customers 1000; with npm, options follow a --`);
    if (token.kind !== "option") continue;
    const problem = findProblem(token.name, token.value);
    if (problem === undefined) values.set(token.name, token.value ?? "");
    else problems.push(`${token.rawName}: ${problem}`);
  }
  return { values, problems };
}

export interface Range {
  readonly least: number;
  readonly greatest: number;
  readonly fractions?: boolean;
}

/** The number of an option, or the fallback. */
export function readNumber({ values, problems }: Options, name: string, fallback: number, range: Range): number {
  const text = values.get(name);
  if (text === undefined) return fallback;
  const number = /^(\d{1,10}(\.\d{1,3})?|\.\d{1,3})$/.test(text) ? Number(text) : Number.NaN;
  const isRight = number >= range.least && number <= range.greatest && (range.fractions || Number.isInteger(number));
  const kind = range.fractions ? "number" : "whole number";
  if (!isRight) problems.push(`--${name} ${text}: expected a ${kind} from ${range.least} to ${range.greatest}`);
  return number;
}

/** The fault specification, checked. */
export function readFaults({ values, problems }: Options): string {
  const spec = values.get("faults") ?? "";
  try {
    parseFaults(spec);
  } catch (error) {
    if (!(error instanceof FaultSpecError)) throw error;
    problems.push(...error.problems.map((problem) => `--faults ${problem}`));
  }
  return spec;
}
