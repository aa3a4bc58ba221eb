import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import * as z from "zod";
import { BadConfigError, readPolicy } from "../lambda/config.ts";
import { wholeNumber } from "../lambda/events/limits.ts";
import { countProblems, findProblems, formatProblems, type Problem, strictObject } from "../lambda/events/problems.ts";
import type { PolicyInput } from "./cutover.ts";
import { OWN_SOURCE } from "./event-triggers.ts";
import { findScheduleProblems } from "./schedules.ts";
import { findSecretValues, hideSecretValues } from "./secret-values.ts";
import { findSourceProblems } from "./webhook.ts";

const ENVIRONMENT = 'expected a short name in lower case, such as "production"';
const SECRET_NAME = 'expected the name or ARN of a secret, such as "cutover/evovoice"';
const SECRET = `expected { "import": NAME or ARN } for a secret that exists, or { "create": NAME } for an empty one to fill`;
const SOURCE_NAME = 'expected the name of a source of webhooks in lower case, such as "github"';
const SCHEDULE_NAME = "expected 1 to 36 letters, digits, _ and -";
const EXPRESSION = 'expected "cron(0 2 * * ? *)", "rate(1 day)" or "at(2026-12-01T02:00:00)"';
const REPOSITORY = 'expected "owner/name"';
const TAG = "expected a text of at most 256 characters";

const SecretName = z
  .string({ error: SECRET_NAME })
  .regex(/^[\w/+=.@-]{1,512}$/, SECRET_NAME)
  .refine(
    (name) => !/-\w{6}$/.test(name),
    "expected a name without a hyphen before its last six characters: AWS takes it for an ARN's end",
  );

const SecretArn = arn("secretsmanager", "secret:.+", "a secret");

const SecretConfig = z.union(
  [
    strictObject({ import: z.union([SecretArn, SecretName], { error: SECRET_NAME }) }),
    strictObject({ create: SecretName }),
  ],
  { error: SECRET },
);

const ScheduleConfig = strictObject({
  name: text(SCHEDULE_NAME).regex(/^[\w-]{1,36}$/, SCHEDULE_NAME),
  expression: text(EXPRESSION).regex(/^(?:cron\(\S+(?: \S+){5}\)|rate\(\d+ \w+\)|at\([\d-]+T[\d:]+\))$/, EXPRESSION),
  event: z.record(z.string(), z.unknown(), { error: "expected a deploy event" }),
  timeZone: text('expected an IANA time zone such as "Europe/Berlin"').optional(),
  maxAgeMinutes: wholeNumber(1, 1_440).optional(),
  flexibleMinutes: wholeNumber(1, 1_439).optional(),
  retries: wholeNumber(0, 185).optional(),
  enabled: z.boolean({ error: "expected true or false" }).optional(),
});

const EventsConfig = strictObject({
  sources: z
    .array(
      text("expected a source, such as com.example.deploy")
        .regex(/^(?!aws\.)[\w./-]{1,256}$/, "expected a source that is not AWS's own")
        .refine((source) => source !== OWN_SOURCE, "expected who asks for a rollout, not Cutover itself"),
      { error: "expected a list of sources" },
    )
    .min(1, "expected at least one source"),
  bus: text("expected the name or ARN of an event bus").optional(),
});

const GitHubConfig = strictObject({
  repository: text(REPOSITORY).regex(/^[\w.-]+\/[\w.-]+$/, REPOSITORY),
  from: z.union(
    [
      strictObject({ branch: text("expected a branch").regex(/^[^\s*?]+$/, "expected one branch, without wildcards") }),
      strictObject({
        environment: text("expected an environment").regex(/^[^*?:]+$/, "expected one environment, without wildcards"),
      }),
    ],
    { error: 'expected { "branch": NAME } or { "environment": NAME }' },
  ),
  providerArn: arn("iam", "oidc-provider/token\\.actions\\.githubusercontent\\.com", "GitHub's provider").optional(),
});

/** One deployment: an Evo Voice environment, in an account and a region. */
const Environment = strictObject({
  name: text(ENVIRONMENT).regex(/^[a-z][a-z0-9-]{0,30}$/, ENVIRONMENT),
  policyFile: text("expected the path of the policy file").min(1).default("policy.json"),
  secret: SecretConfig,
  account: text("expected an account's twelve digits")
    .regex(/^\d{12}$/, "expected an account's twelve digits")
    .optional(),
  region: text('expected a region such as "eu-central-1"')
    .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'expected a region such as "eu-central-1"')
    .optional(),
  webhooks: z
    .record(text(SOURCE_NAME).regex(/^[a-z][a-z0-9-]{0,30}$/, SOURCE_NAME), SecretConfig, {
      error: "expected secrets by the name of their source",
    })
    .default({}),
  encryptionKeyArn: arn("kms", "key/[\\w-]+", "a key").optional(),
  schedules: z.array(ScheduleConfig, { error: "expected a list of schedules" }).default([]),
  events: EventsConfig.optional(),
  github: GitHubConfig.optional(),
  testEvents: z.enum(["create", "import", "none"], { error: 'expected "create", "import" or "none"' }).default("none"),
  alarmTopicArn: arn("sns", "[\\w.-]+", "a topic").optional(),
  stuckAfterHours: wholeNumber(1, 168).default(24),
  logRetentionDays: z
    .literal(Object.values(RetentionDays).filter((days) => typeof days === "number" && days <= 3_653) as number[], {
      error: "expected a number of days that CloudWatch knows, such as 30, 90 or 365",
    })
    .default(RetentionDays.THREE_MONTHS),
});

/** What an operator sets before a deploy; everything about the rollouts themselves is in the policies. */
export const InfraConfig = strictObject({
  environments: z
    .array(Environment, { error: "expected a list of environments" })
    .min(1, "expected at least one environment"),
  tags: z.record(z.string().min(1).max(128), text(TAG).max(256, TAG), { error: "expected tags by name" }).default({}),
});
export type InfraConfig = z.output<typeof InfraConfig>;

/** An environment with the policy that it names. */
export type EnvironmentConfig = InfraConfig["environments"][number] & { readonly policy: PolicyInput };

export interface CheckedConfig {
  readonly environments: readonly EnvironmentConfig[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Reads what is to be deployed and checks the policies that it names and the events of its schedules, so that none of
 * it can fail after a deploy. A policy's path is taken from the configuration's own folder.
 * @throws BadConfigError with all problems at once
 */
export function readInfraConfig(path: string): CheckedConfig {
  const json = readJson(path);
  const parsed = InfraConfig.safeParse(hideSecretValues(json));
  const secrets = findSecretValues(json);
  if (!parsed.success) {
    const paths = new Set(secrets.map((problem) => problem.path));
    const others = findProblems(parsed.error, hideSecretValues(json)).filter((problem) => !paths.has(problem.path));
    throw refuse(path, [...secrets, ...others]);
  }
  const repeated = findRepeatedNames(parsed.data);
  const read = parsed.data.environments.map((environment, index) => readEnvironment(path, environment, index));
  const problems = [...secrets, ...repeated, ...read.flatMap((each) => each.problems)];
  if (problems.length > 0) throw refuse(path, problems);
  return { tags: parsed.data.tags, environments: read.map((each) => each.environment) };
}

type ParsedEnvironment = InfraConfig["environments"][number];

function readEnvironment(path: string, environment: ParsedEnvironment, index: number) {
  const at = `environments[${index}]`;
  const policyFile = resolve(dirname(path), environment.policyFile);
  const whole = (policy: unknown) => ({ ...environment, policyFile, policy: policy as PolicyInput });
  try {
    const policy = readPolicy(policyFile);
    const json = readJson(policyFile);
    const problems = [
      ...environment.schedules.flatMap((schedule, place) => findScheduleProblems(schedule, place, policy)),
      ...findSourceProblems(policy, environment.webhooks),
    ].map((problem) => ({ ...problem, path: `${at}.${problem.path}` }));
    return { environment: whole(json), problems: [...findSecretValues(json), ...problems] };
  } catch (error) {
    if (!(error instanceof BadConfigError)) throw error;
    return { environment: whole({}), problems: [{ path: `${at}.policyFile`, message: error.message }] };
  }
}

/** Two of a name would be one stack; two that create what an account has once, one that fails. */
function findRepeatedNames({ environments }: InfraConfig): readonly Problem[] {
  const places = environments.map(({ account = "", region = "" }) => `${account}/${region}`);
  const isAgain = (index: number, same: (other: number) => boolean) =>
    environments.findIndex((_, other) => same(other)) < index;
  return environments.flatMap(({ name, testEvents, github, schedules }, index) => {
    const at = `environments[${index}]`;
    const names = schedules.map((schedule) => schedule.name);
    const twice = names.filter((schedule, place) => names.indexOf(schedule) < place);
    const creates = (other: number) => environments[other]?.testEvents === "create" && places[other] === places[index];
    const provides = (other: number) =>
      environments[other]?.github !== undefined &&
      environments[other]?.github?.providerArn === undefined &&
      environments[other]?.account === environments[index]?.account;
    return [
      ...(isAgain(index, (other) => environments[other]?.name === name)
        ? [{ path: `${at}.name`, message: `got "${name}" again; expected a name of its own` }]
        : []),
      ...(testEvents === "create" && isAgain(index, creates)
        ? [{ path: `${at}.testEvents`, message: `got "create" again; expected "import": a region has one registry` }]
        : []),
      ...(github !== undefined && github.providerArn === undefined && isAgain(index, provides)
        ? [{ path: `${at}.github`, message: "expected providerArn: an account has one provider for GitHub" }]
        : []),
      ...twice.map((schedule) => ({
        path: `${at}.schedules`,
        message: `got "${schedule}" twice; expected names once`,
      })),
    ];
  });
}

function refuse(path: string, problems: readonly Problem[]): BadConfigError {
  return new BadConfigError(`${path} was refused; ${countProblems(problems)}:\n${formatProblems(problems)}`);
}

function text(expected: string) {
  return z.string({ error: expected });
}

function arn(service: string, resource: string, what: string) {
  const expected = `expected the ARN of ${what}`;
  return text(expected).regex(new RegExp(`^arn:[\\w-]+:${service}:[\\w-]*:\\d{12}:${resource}$`), expected);
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
