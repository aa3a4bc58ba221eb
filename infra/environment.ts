import { RetentionDays } from "aws-cdk-lib/aws-logs";
import * as z from "zod";
import { wholeNumber } from "../lambda/events/limits.ts";
import { strictObject } from "../lambda/events/problems.ts";
import { OWN_SOURCE } from "./constructs/event-triggers.ts";
import { findExpressionProblem } from "./schedule-expression.ts";

const ENVIRONMENT = 'expected a short name in lower case, such as "production"';
const SECRET_NAME = 'expected the name or ARN of a secret, such as "cutover/evovoice"';
const SECRET = `expected { "import": NAME or ARN } for a secret that exists, or { "create": NAME } for an empty one to fill`;
const SOURCE_NAME = 'expected the name of a source of webhooks in lower case, such as "github"';
const SCHEDULE_NAME = "expected 1 to 36 letters, digits, _ and -";
const EXPRESSION = 'expected "cron(0 2 * * ? *)", "rate(1 day)" or "at(2026-12-01T02:00:00)"';
const REPOSITORY = 'expected "owner/name", or with both ids "owner@123456/name@456789"';
const TAG = "expected a text of at most 256 letters, digits, spaces and _ . : / = + - @";
const TAG_NAME =
  "expected a tag's name: at most 128 letters, digits, spaces and _ . : / = + - @, not beginning with aws:";

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
  expression: text(EXPRESSION).superRefine((expression, context) => {
    const message = findExpressionProblem(expression);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  }),
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

const BUS = "expected the name or ARN of an event bus";
const EMAIL = 'expected an e-mail address such as "on-call@example.com"';

const TellConfig = strictObject({
  emails: z.array(z.email({ error: EMAIL }), { error: "expected a list of e-mail addresses" }).optional(),
  bus: text(BUS)
    .regex(/^(?:[\w./-]{1,256}|arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/[\w./-]{1,256})$/, BUS)
    .optional(),
});

const GitHubConfig = strictObject({
  repository: text(REPOSITORY).regex(/^[\w.-]+(?:\/[\w.-]+|@\d+\/[\w.-]+@\d+)$/, REPOSITORY),
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
  webhookConcurrency: wholeNumber(1, 1_000).optional(),
  encryptionKeyArn: arn("kms", "key/[\\w-]+", "a key").optional(),
  schedules: z.array(ScheduleConfig, { error: "expected a list of schedules" }).default([]),
  events: EventsConfig.optional(),
  github: GitHubConfig.optional(),
  tell: TellConfig.optional(),
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
  tags: z
    .record(
      text(TAG_NAME).regex(/^(?!aws:)[\p{L}\p{N}\p{Zs}_.:/=+\-@]{1,128}$/iu, TAG_NAME),
      text(TAG).regex(/^[\p{L}\p{N}\p{Zs}_.:/=+\-@]{0,256}$/u, TAG),
      { error: "expected tags by name" },
    )
    .default({}),
});
export type InfraConfig = z.output<typeof InfraConfig>;

function text(expected: string) {
  return z.string({ error: expected });
}

function arn(service: string, resource: string, what: string) {
  const expected = `expected the ARN of ${what}`;
  return text(expected).regex(new RegExp(`^arn:[\\w-]+:${service}:[\\w-]*:\\d{12}:${resource}$`), expected);
}
