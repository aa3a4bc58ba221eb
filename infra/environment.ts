import { type Environment as CdkEnvironment, Stack } from "aws-cdk-lib";
import type { IEventBus } from "aws-cdk-lib/aws-events";
import type { IOidcProvider } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import * as z from "zod";
import { wholeNumber } from "../lambda/contract/limits.ts";
import { strictObject } from "../lambda/contract/problems.ts";
import type { PolicyInput } from "./constructs/bundled-function.ts";
import { EventSource } from "./constructs/event-triggers.ts";
import { GitHubJobs } from "./constructs/github-access.ts";
import { CutoverSchedules } from "./constructs/schedules.ts";

const NAME = 'expected a short name in lower case, such as "production"';
const FILE = 'expected the path of a policy, such as "policy.json"';
const EMAIL = 'expected an e-mail address such as "on-call@example.com"';
const RETENTION = "expected one of RetentionDays, such as RetentionDays.THREE_MONTHS";
const TAG = "expected a text";

/** One Evo Voice environment in an AWS account and a region. */
export const Environment = strictObject({
  /** The name in stacks (`cutover-NAME`), logs, metrics, alarms and the dashboard. */
  name: z.string({ error: NAME }).regex(/^[a-z][a-z0-9-]{0,30}$/, NAME),
  /** The policy's path, relative to the configuration. @default "policy.json" */
  policyFile: z.string({ error: FILE }).min(1, FILE).optional(),
  /** Account and region. @default - the account and region of the credentials */
  env: z.custom<CdkEnvironment>((env) => typeof env === "object", "expected { account, region }").optional(),
  /** An existing secret with the Evo Voice login. @default - an empty secret `cutover-NAME/evovoice` */
  login: existing<ISecret>().optional(),
  /** Existing signing secrets by source. @default - empty secrets `cutover-NAME/webhooks/SOURCE` */
  webhookSecrets: z.record(z.string(), existing<ISecret>(), { error: "expected secrets by source" }).optional(),
  /** The reserved concurrency of the webhook. @default - the account's concurrency, not reserved */
  webhookConcurrency: wholeNumber(1, 1_000).optional(),
  /** The customer-managed key of the created secrets. @default - AWS's key for Secrets Manager */
  encryptionKey: existing<IKey>().optional(),
  /** Scheduled deploy events. @default - none */
  schedules: CutoverSchedules.optional(),
  /** The sources of deploy events in EventBridge, and their bus. @default - no source; the default bus */
  events: strictObject({
    sources: z.array(EventSource, { error: "expected a list of sources" }).min(1, "expected at least one source"),
    bus: existing<IEventBus>().optional(),
  }).optional(),
  /** The GitHub Actions jobs that may start rollouts, and the account's identity provider for GitHub. @default - none */
  github: strictObject({ ...GitHubJobs.shape, provider: existing<IOidcProvider>().optional() }).optional(),
  /** The addresses that get alerts, and the bus that gets events. @default - no address; the default bus */
  notifications: strictObject({
    emails: z.array(z.email({ error: EMAIL }), { error: "expected a list of e-mail addresses" }).optional(),
    bus: existing<IEventBus>().optional(),
  }).optional(),
  /** Shareable test events in the Lambda console; a region has one registry of them. @default "none" */
  testEvents: z.enum(["create", "import", "none"], { error: 'expected "create", "import" or "none"' }).optional(),
  /** The SNS topic that gets the alarms. @default - none: the dashboard shows them */
  alarmTopic: existing<ITopic>().optional(),
  /** How long CloudWatch keeps the logs. @default RetentionDays.THREE_MONTHS */
  logRetention: z.enum(RetentionDays, { error: RETENTION }).optional(),
  /** The tags of all resources. @default - `cutover:environment` only */
  tags: z.record(z.string(), z.string({ error: TAG }), { error: "expected texts by name" }).optional(),
});
export type Environment = z.input<typeof Environment>;

/** An environment with its policy. */
export type CheckedEnvironment = Environment & { readonly policy: PolicyInput };

/** The exported `environments` of a configuration. */
export const Environments = z.array(Environment, { error: "expected a list of environments" }).min(1);

/** An existing resource, such as `(scope) => Topic.fromTopicArn(scope, "OnCall", "arn:aws:sns:…")`. */
function existing<Found>() {
  return z.custom<(scope: Construct) => Found>().superRefine((find, { addIssue }) => {
    const message = "expected a function, such as (scope) => Key.fromKeyArn(scope, id, arn)";
    if (typeof find !== "function") return addIssue({ code: "custom", message, input: find });
    try {
      find(new Stack());
    } catch (error) {
      addIssue({
        code: "custom",
        // After its colon, CDK quotes the name or ARN, which may be a password in the wrong place.
        message: `expected a resource that CDK can import; ${(error as Error).message.split(": ")[0]}`,
        input: find,
      });
    }
  });
}
