import { readFileSync } from "node:fs";
import { z } from "zod";
import { Policy } from "./events/policy.ts";
import { findProblems, formatProblems } from "./events/problems.ts";

/** Thrown for a policy or an environment that cannot be used; lists every problem. */
export class BadConfigError extends Error {
  override readonly name = "BadConfigError";
}

/** @throws BadConfigError with all problems at once */
export function parsePolicy(json: unknown): Policy {
  return parseOrThrow(Policy, json, "the policy");
}

const Environment = z.object({
  CUTOVER_TABLE_NAME: z.string({ error: "expected the name of the ledger's table" }).min(1),
  CUTOVER_SECRET_ID: z.string({ error: "expected the name or ARN of the Evo Voice secret" }).min(1),
  CUTOVER_POLICY_FILE: z.string({ error: "expected the path of the policy file" }).min(1),
});

export interface Config {
  readonly tableName: string;
  readonly secretId: string;
  readonly policy: Policy;
}

/** Reads the environment and the policy file, once. @throws BadConfigError */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const names = parseOrThrow(Environment, environment, "the environment");
  return {
    tableName: names.CUTOVER_TABLE_NAME,
    secretId: names.CUTOVER_SECRET_ID,
    policy: parsePolicy(readJson(names.CUTOVER_POLICY_FILE)),
  };
}

function parseOrThrow<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BadConfigError(`${what} was refused:\n${formatProblems(findProblems(parsed.error, input))}`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new BadConfigError(
      `the policy file ${path} cannot be read as JSON; write one, or correct CUTOVER_POLICY_FILE`,
      {
        cause,
      },
    );
  }
}
