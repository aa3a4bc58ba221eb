import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { BadConfigError, parsePolicy } from "../lambda/config.ts";
import { findProblems, formatProblems, strictObject } from "../lambda/events/problems.ts";

const ENVIRONMENT = 'expected a short name in lower case, such as "production"';
const SECRET_NAME = 'expected the name of a secret, such as "cutover/evovoice"';
const SECRET = `expected { "import": NAME } for a secret that exists, or { "create": NAME } for an empty one to fill`;

const SecretName = z
  .string({ error: SECRET_NAME })
  .regex(/^[\w/+=.@-]{1,512}$/, SECRET_NAME)
  .refine(
    (name) => !/-\w{6}$/.test(name),
    "expected a name without a hyphen before its last six characters: AWS takes it for an ARN's end",
  );

/** What an operator sets before a deploy; everything about the rollouts themselves is in the policy. */
export const InfraConfig = strictObject({
  environment: z
    .string({ error: ENVIRONMENT })
    .regex(/^[a-z][a-z0-9-]{0,30}$/, ENVIRONMENT)
    .describe("the Evo Voice environment that this deployment moves customers in; one deployment for each"),
  secret: z
    .union([strictObject({ import: SecretName }), strictObject({ create: SecretName })], { error: SECRET })
    .describe("where the dashboard's user name and password are kept"),
  policyFile: z.string({ error: "expected the path of the policy file" }).min(1).default("policy.json"),
});
export type InfraConfig = z.output<typeof InfraConfig>;

/**
 * Reads a deployment's configuration and checks the policy that it names, so that neither can fail after a deploy.
 * The policy's path is taken from the configuration's own folder.
 * @throws BadConfigError with all problems of a file at once
 */
export function readInfraConfig(path: string): InfraConfig {
  const json = readJson(path);
  const parsed = InfraConfig.safeParse(json);
  if (!parsed.success) {
    throw new BadConfigError(`${path} was refused:\n${formatProblems(findProblems(parsed.error, json))}`);
  }
  const policyFile = resolve(dirname(path), parsed.data.policyFile);
  parsePolicy(readJson(policyFile));
  return { ...parsed.data, policyFile };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new BadConfigError(`${path} cannot be read as JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
