import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { BadConfigError, parsePolicy } from "../../lambda/config.ts";
import { findRepeatedMembers } from "../../lambda/contract/repeated-members.ts";
import { type Options, readFaults, readNumber, readOptions } from "../emulator/read-options.ts";
import { findKept, type Kept } from "./kept.ts";

/** Where `cutover --sandbox` looks for it. */
export const SANDBOX_PORT = 4680;

export interface SandboxOptions extends Kept {
  readonly port: number;
  readonly faults: string;
  /** Bakes and waits pass so many times faster. */
  readonly fast: number;
  /** The folder in which everything outlives the sandbox. @default none, and nothing does */
  readonly folder?: string | undefined;
}

export type SandboxArguments =
  | { readonly kind: "start"; readonly options: SandboxOptions }
  | { readonly kind: "help" }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

/** Reads all options, the policy's file and what an earlier start has kept; lists every problem. */
export function readSandboxArguments(args: readonly string[]): SandboxArguments {
  const read = readOptions(args, ["port", "customers", "seed", "faults", "fast", "policy", "keep"], ["help"]);
  if (read.values.has("help")) return { kind: "help" };
  const kept = readKept(read);
  const options = {
    port: readNumber(read, "port", SANDBOX_PORT, { least: 0, greatest: 65_535 }),
    customers: readNumber(read, "customers", kept?.customers ?? 1_000, { least: 1, greatest: 1_000_000 }),
    seed: readNumber(read, "seed", kept?.seed ?? 1, { least: 0, greatest: 4_294_967_295 }),
    faults: readFaults(read),
    fast: readNumber(read, "fast", 60, { least: 1, greatest: 100_000, fractions: true }),
    policy: readPolicyFile(read) ?? kept?.policy,
    emulatorPort: kept?.emulatorPort ?? 0,
    folder: toFolder(read),
  };
  const problems = [...read.problems, ...(kept === undefined ? [] : findContradictions(kept, options))];
  return problems.length > 0 ? { kind: "bad", problems } : { kind: "start", options };
}

function toFolder({ values }: Options): string | undefined {
  const folder = values.get("keep");
  return folder && resolve(folder);
}

function readKept(read: Options): Kept | undefined {
  const folder = toFolder(read);
  try {
    return folder ? findKept(folder) : undefined;
  } catch {
    read.problems.push(`--keep ${folder}: its sandbox.json is none of a sandbox; choose another folder`);
    return undefined;
  }
}

/** The folder's ledger and its flags are those of its customers. */
function findContradictions(kept: Kept, { folder, ...options }: SandboxOptions): readonly string[] {
  return (["customers", "seed"] as const)
    .filter((name) => options[name] !== kept[name])
    .map(
      (name) =>
        `--${name} ${options[name]}: ${folder} began with --${name} ${kept[name]}; leave the option out, or choose another folder`,
    );
}

const ELSEWHERE = { baseUrl: "http://127.0.0.1:1", accountIds: ["sandbox"] };

function readPolicyFile({ values, problems }: Options): Kept["policy"] {
  const file = values.get("policy");
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const policy: unknown = JSON.parse(text);
    parsePolicy(isObject(policy) ? { ...policy, ...ELSEWHERE } : policy);
    problems.push(...findRepeatedMembers(text).map(({ path, message }) => `--policy ${file}: ${path}: ${message}`));
    return { ...(policy as object) };
  } catch (error) {
    const why = error instanceof BadConfigError || error instanceof SyntaxError ? error.message : "it cannot be read";
    problems.push(`--policy ${file}: ${why}`);
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
