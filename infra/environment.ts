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
import { wholeDuration } from "./whole-duration.ts";

const NAME = 'expected a short name in lower case, such as "production"';
const FILE = 'expected the path of a policy, such as "policy.json"';
const EMAIL = 'expected an e-mail address such as "on-call@example.com"';
const RETENTION = "expected one of RetentionDays, such as RetentionDays.THREE_MONTHS";
const TAG = "expected a text";

/** One Evo Voice environment, in an account and a region. */
export const Environment = strictObject({
  /** Names the stacks (`cutover-NAME`), logs, metrics, alarms and the dashboard. */
  name: z.string({ error: NAME }).regex(/^[a-z][a-z0-9-]{0,30}$/, NAME),
  /** The policy's path, from the folder of this file. @default "policy.json" */
  policyFile: z.string({ error: FILE }).min(1, FILE).optional(),
  /** Account and region. @default - those of the credentials that deploy */
  env: z.custom<CdkEnvironment>((env) => typeof env === "object", "expected { account, region }").optional(),
  /** The secret with the Evo Voice login, if it exists already. @default - an empty secret `cutover-NAME/evovoice` */
  login: existing<ISecret>().optional(),
  /** The signing secrets that exist already, by source. @default - empty secrets `cutover-NAME/webhooks/SOURCE` */
  webhookSecrets: z.record(z.string(), existing<ISecret>(), { error: "expected secrets by source" }).optional(),
  /** How many deliveries the webhook takes at once; reserved. @default - as many as the account allows */
  webhookConcurrency: wholeNumber(1, 1_000).optional(),
  /** The customer-managed key of the secrets that are created. @default - AWS's key for Secrets Manager */
  encryptionKey: existing<IKey>().optional(),
  /** Deploy events that are sent at times. @default - none */
  schedules: CutoverSchedules.optional(),
  /** What may send deploy events over EventBridge, and on which bus. @default - nothing; the default bus */
  events: strictObject({
    sources: z.array(EventSource, { error: "expected a list of sources" }).min(1, "expected at least one source"),
    bus: existing<IEventBus>().optional(),
  }).optional(),
  /** The jobs of GitHub Actions that may start rollouts, and the account's provider for GitHub. @default - none */
  github: strictObject({ ...GitHubJobs.shape, provider: existing<IOidcProvider>().optional() }).optional(),
  /** The addresses that get alerts, and the bus that gets events. @default - no address; the default bus */
  notifications: strictObject({
    emails: z.array(z.email({ error: EMAIL }), { error: "expected a list of e-mail addresses" }).optional(),
    bus: existing<IEventBus>().optional(),
  }).optional(),
  /** The registry of the console's test events, of which a region has one. @default "none" */
  testEvents: z.enum(["create", "import", "none"], { error: 'expected "create", "import" or "none"' }).optional(),
  /** The SNS topic that gets the alarms. @default - none: the dashboard shows them */
  alarmTopic: existing<ITopic>().optional(),
  /** After how long a running rollout is reported as stuck. @default Duration.hours(24) */
  stuckAfter: wholeDuration("hours", 1, 168).optional(),
  /** How long CloudWatch keeps the logs. @default RetentionDays.THREE_MONTHS */
  logRetention: z.enum(RetentionDays, { error: RETENTION }).optional(),
  /** The tags of all resources. @default - `cutover:environment` only */
  tags: z.record(z.string(), z.string({ error: TAG }), { error: "expected texts by name" }).optional(),
});
export type Environment = z.input<typeof Environment>;

/** An environment with the policy that it names. */
export type CheckedEnvironment = Environment & { readonly policy: PolicyInput };

/** What the file of a deployment exports. */
export const Environments = z.array(Environment, { error: "expected a list of environments" }).min(1);

/** What was created elsewhere, such as `(scope) => Topic.fromTopicArn(scope, "OnCall", "arn:aws:sns:…")`. */
function existing<Found>() {
  return z.custom<(scope: Construct) => Found>().superRefine((find, { addIssue }) => {
    const message = "expected a function, such as (scope) => Key.fromKeyArn(scope, id, arn)";
    if (typeof find !== "function") return addIssue({ code: "custom", message, input: find });
    try {
      find(new Stack());
    } catch (error) {
      addIssue({ code: "custom", message: `expected what CDK can import; ${(error as Error).message}`, input: find });
    }
  });
}
