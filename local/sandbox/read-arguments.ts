import { readFileSync } from "node:fs";
import { BadConfigError, parsePolicy } from "../../lambda/config.ts";
import { findRepeatedMembers } from "../../lambda/contract/repeated-members.ts";
import { type Options, readFaults, readNumber, readOptions } from "../emulator/read-options.ts";

/** Where `cutover --sandbox` looks for it. */
export const SANDBOX_PORT = 4680;

export interface SandboxOptions {
  readonly port: number;
  readonly customers: number;
  readonly seed: number;
  readonly faults: string;
  /** Bakes and waits pass so many times faster. */
  readonly fast: number;
  /** The user's own policy, without its environment: the emulator has other customers. */
  readonly policy?: object | undefined;
}

export type SandboxArguments =
  | { readonly kind: "start"; readonly options: SandboxOptions }
  | { readonly kind: "help" }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

/** Reads all options and the policy's file; lists every problem. */
export function readSandboxArguments(args: readonly string[]): SandboxArguments {
  const read = readOptions(args, ["port", "customers", "seed", "faults", "fast", "policy"], ["help"]);
  if (read.values.has("help")) return { kind: "help" };
  const options = {
    port: readNumber(read, "port", SANDBOX_PORT, { least: 0, greatest: 65_535 }),
    customers: readNumber(read, "customers", 1_000, { least: 1, greatest: 1_000_000 }),
    seed: readNumber(read, "seed", 1, { least: 0, greatest: 4_294_967_295 }),
    faults: readFaults(read),
    fast: readNumber(read, "fast", 60, { least: 1, greatest: 100_000, fractions: true }),
    policy: readPolicyFile(read),
  };
  const { problems } = read;
  return problems.length > 0 ? { kind: "bad", problems } : { kind: "start", options };
}

const ELSEWHERE = { baseUrl: "http://127.0.0.1:1", accountIds: ["sandbox"] };

function readPolicyFile({ values, problems }: Options): object | undefined {
  const file = values.get("policy");
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const policy: unknown = JSON.parse(text);
    parsePolicy(isObject(policy) ? { ...policy, ...ELSEWHERE } : policy);
    problems.push(...findRepeatedMembers(text).map(({ path, message }) => `--policy ${file}: ${path}: ${message}`));
    return policy as object;
  } catch (error) {
    const why = error instanceof BadConfigError || error instanceof SyntaxError ? error.message : "it cannot be read";
    problems.push(`--policy ${file}: ${why}`);
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
