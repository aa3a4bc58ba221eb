import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BadConfigError, readPolicy, refuseConfig } from "../lambda/config.ts";
import { findJson } from "../lambda/contract/find-json.ts";
import { memberOf } from "../lambda/contract/member-of.ts";
import type { Policy } from "../lambda/contract/policy.ts";
import { findProblems, type Problem } from "../lambda/contract/problems.ts";
import type { PolicyInput } from "./constructs/bundled-function.ts";
import { findRefusedEvents } from "./constructs/schedules.ts";
import { type CheckedEnvironment, Environments } from "./environment.ts";
import { findConflicts } from "./find-conflicts.ts";
import { findSecretValues } from "./secret-values.ts";

/**
 * Reads the file that exports `environments`, and the policies of the environments.
 * @throws BadConfigError with the problems of all files, each with its file and its path
 */
export async function readEnvironments(file: string): Promise<readonly CheckedEnvironment[]> {
  let environments: unknown;
  try {
    ({ environments } = await import(pathToFileURL(file).href));
  } catch (cause) {
    throw refuse([{ path: show(file), message: describeFailure(cause, file) }]);
  }
  return checkEnvironments(environments, file);
}

/** @throws BadConfigError as `readEnvironments` does */
export function checkEnvironments(input: unknown, file: string): readonly CheckedEnvironment[] {
  const given: readonly unknown[] = Array.isArray(input) ? input : [];
  const policies = given.map((each) => {
    const policyFile = memberOf(each, "policyFile") ?? "policy.json";
    return readPolicyFile(resolve(dirname(file), String(policyFile)));
  });
  const secrets = findSecretValues(input);
  const { data = [], error } = Environments.safeParse(input);
  const own = [
    ...(error === undefined ? [] : findProblems(error, input)),
    ...findConflicts(data, policies),
    ...policies.flatMap(({ policy }, index) => {
      const events = policy === undefined ? [] : findRefusedEvents(memberOf(given[index], "schedules"), policy);
      return events.map(({ path, message }) => ({ path: `[${index}].schedules${path}`, message }));
    }),
  ];
  const problems = [
    ...policies.flatMap((policy) => policy.problems),
    // When a value looks like a secret, no other problem is listed: its message could contain the secret.
    ...(secrets.length > 0 ? secrets : own).map(({ path, message }) => ({
      path: `${show(file)}, environments${path}`,
      message,
    })),
  ];
  if (problems.length > 0) throw refuse(problems);
  return data.map((each, index) => ({ ...each, policy: policies[index]?.input as PolicyInput }));
}

interface ReadPolicy {
  readonly policy?: Policy;
  readonly input?: PolicyInput;
  readonly problems: readonly Problem[];
}

function readPolicyFile(file: string): ReadPolicy {
  const toOwn = ({ path, message }: Problem) => ({ path: `${show(file)}, ${path || "(whole)"}`, message });
  const input = findJsonFile(file);
  const secrets = findSecretValues(input);
  if (secrets.length > 0) return { problems: secrets.map(toOwn) };
  try {
    return { policy: readPolicy(file), input: input as PolicyInput, problems: [] };
  } catch (error) {
    if (!(error instanceof BadConfigError)) throw error;
    const { problems, message } = error;
    return { problems: problems.length > 0 ? problems.map(toOwn) : [{ path: show(file), message }] };
  }
}

/** The JSON value of a file; undefined when the file is missing or is not JSON. */
function findJsonFile(file: string): unknown {
  return existsSync(file) ? findJson(readFileSync(file, "utf8")) : undefined;
}

/** The first line of an error and its place in the file. A secret in the line is hidden. */
function describeFailure(cause: unknown, file: string): string {
  const { message, stack = "" } = cause instanceof Error ? cause : new Error(String(cause));
  const [first = ""] = message.split("\n");
  const line = stack.split(`${basename(file)}:`)[1]?.match(/^\d+/)?.[0];
  const where = line === undefined ? "" : ` (line ${line})`;
  return `cannot be read${where}: ${findSecretValues(first).length > 0 ? "(hidden)" : first}`;
}

function refuse(problems: readonly Problem[]): BadConfigError {
  const each = new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem]));
  return refuseConfig("the deployment", [...each.values()]);
}

function show(file: string): string {
  return relative(process.cwd(), file);
}
