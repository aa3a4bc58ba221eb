import { findClosest } from "../../lambda/contract/find-closest.ts";
import {
  type ChoiceFault,
  chaosFaults,
  choiceFaults,
  type FlagFault,
  flagFaults,
  type NumberFault,
  numberFaults,
  type ShareFault,
  shareFaults,
} from "./fault-names.ts";

/** How the emulator misbehaves. */
export interface Faults {
  readonly shares: ReadonlyMap<ShareFault, number>;
  readonly numbers: Readonly<Record<NumberFault, number>>;
  readonly flags: ReadonlySet<FlagFault>;
  readonly choices: Readonly<Record<ChoiceFault, string>>;
  /** A share of the requests takes up to `ms` longer, most of them much less. */
  readonly latencyTail: { readonly share: number; readonly ms: number };
}

/** A fault specification cannot be read; the message has every problem. */
export class FaultSpecError extends Error {
  override readonly name = "FaultSpecError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`bad faults: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** Reads `name=value,name=value,…`, see docs/emulator.md. */
export function parseFaults(spec: string): Faults {
  const draft: Draft = {
    shares: new Map(),
    numbers: mapValues(numberFaults, ({ fallback }) => fallback),
    flags: new Set(),
    choices: mapValues(choiceFaults, ({ choices }) => choices[0]),
    latencyTail: { share: 0, ms: 0 },
  };
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const item of toItems(spec)) {
    if (seen.has(item.name)) problems.push(`${item.name} is given twice`);
    seen.add(item.name);
    const problem = readItem(draft, item);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new FaultSpecError(problems);
  return draft;
}

const faultNames: readonly string[] = [
  ...Object.keys(shareFaults),
  "chaos",
  ...Object.keys(numberFaults),
  "latency-tail",
  ...Object.keys(flagFaults),
  ...Object.keys(choiceFaults),
];

interface Draft {
  readonly shares: Map<ShareFault, number>;
  readonly numbers: Record<NumberFault, number>;
  readonly flags: Set<FlagFault>;
  readonly choices: Record<ChoiceFault, string>;
  latencyTail: { share: number; ms: number };
}

interface Item {
  readonly name: string;
  readonly value: string | undefined;
}

/** `chaos` first, so that a fault with its own name overrides it. */
function toItems(spec: string): readonly Item[] {
  const items = spec
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => {
      const at = text.indexOf("=");
      return at < 0
        ? { name: text, value: undefined }
        : { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
    });
  return items.toSorted((left, right) => Number(right.name === "chaos") - Number(left.name === "chaos"));
}

/** Adds one item to the draft; returns the problem, if any. */
function readItem(draft: Draft, { name, value }: Item): string | undefined {
  if (name === "chaos") {
    return readShare(name, value, (share) => {
      for (const fault of chaosFaults) draft.shares.set(fault, share);
    });
  }
  if (isKeyOf(shareFaults, name)) return readShare(name, value, (share) => draft.shares.set(name, share));
  if (isKeyOf(numberFaults, name)) return readNumber(draft, name, value);
  if (isKeyOf(flagFaults, name)) return readFlag(draft, name, value);
  if (isKeyOf(choiceFaults, name)) return readChoice(draft, name, value);
  if (name === "latency-tail") return readTail(draft, value);
  const closest = findClosest(name, faultNames);
  const hint = closest === undefined ? "--help and docs/emulator.md list them all" : `did you mean ${closest}?`;
  return `${name || "an empty name"} is not a fault: ${hint}`;
}

/** Without a value, the fault hits every request. */
function readShare(name: string, value: string | undefined, set: (share: number) => void): string | undefined {
  const share = value === undefined ? 1 : toShare(value);
  if (share === undefined) return `${name}=${value}: expected a share from 0 to 1 or a percentage, as 0.05 or 5%`;
  set(share);
  return undefined;
}

function readNumber(draft: Draft, name: NumberFault, value: string | undefined): string | undefined {
  const { least, greatest } = numberFaults[name];
  const number = /^[+-]?\d+$/.test(value ?? "") ? Number(value) : Number.NaN;
  if (!(number >= least && number <= greatest)) {
    return `${name}=${value ?? ""}: expected a whole number from ${least} to ${greatest}`;
  }
  draft.numbers[name] = number;
  return undefined;
}

function readFlag(draft: Draft, name: FlagFault, value: string | undefined): string | undefined {
  if (value === undefined || value === "on") {
    draft.flags.add(name);
    return undefined;
  }
  return value === "off" ? undefined : `${name}=${value}: expected on or off`;
}

function readChoice(draft: Draft, name: ChoiceFault, value: string | undefined): string | undefined {
  const choices: readonly string[] = choiceFaults[name].choices;
  if (value === undefined || !choices.includes(value)) {
    return `${name}=${value ?? ""}: expected one of ${choices.join(", ")}`;
  }
  draft.choices[name] = value;
  return undefined;
}

function readTail(draft: Draft, value: string | undefined): string | undefined {
  const [share, ms, ...rest] = (value ?? "").split(":");
  const parsed = toShare(share ?? "");
  if (parsed === undefined || rest.length > 0 || !/^\d{1,6}$/.test(ms ?? "")) {
    return `latency-tail=${value ?? ""}: expected SHARE:MILLISECONDS, as 0.01:2000`;
  }
  draft.latencyTail = { share: parsed, ms: Number(ms) };
  return undefined;
}

function toShare(text: string): number | undefined {
  const isPercentage = text.endsWith("%");
  const digits = isPercentage ? text.slice(0, -1) : text;
  const share = Number(digits) / (isPercentage ? 100 : 1);
  return /^(\d+\.?\d*|\.\d+)$/.test(digits) && share <= 1 ? share : undefined;
}

function isKeyOf<T extends object>(names: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(names, name);
}

function mapValues<K extends string, V, R>(values: Readonly<Record<K, V>>, convert: (value: V) => R): Record<K, R> {
  return Object.fromEntries(Object.entries<V>(values).map(([key, value]) => [key, convert(value)])) as Record<K, R>;
}
