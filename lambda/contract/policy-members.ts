import * as z from "zod";
import { BaseUrl } from "./base-url.ts";
import { LargePromote } from "./blast-radius.ts";
import { OnFailure } from "./deploy-event.ts";
import { PipelineMappings } from "./deploy-event-template.ts";
import { Freezes } from "./freeze.ts";
import { amount, Concurrency, FailureBudget, MaxCustomers, Rate, Share, wholeNumber } from "./limits.ts";
import { strictObject } from "./problems.ts";
import { StrategyName, WrittenStrategy } from "./strategy.ts";
import { MOST_AT_ONCE, toDefaultStrategy } from "./strategy-name.ts";
import { AccountId, CohortName, CustomerId, PlainTargets, ReferenceId, TagName } from "./target.ts";
import { lineOf } from "./text-matching.ts";
import { WebhookSources } from "./webhook-sources.ts";

const MOST_ALARMS = 500;

const listOf = <Item extends z.ZodType>(item: Item, what: string) =>
  z.array(item, { error: `expected a list of ${what}` }).default([]);

const Protected = strictObject({
  customerIds: listOf(CustomerId, "customer ids").describe("customers with these ids; each must exist"),
  referenceIds: listOf(ReferenceId, "reference ids").describe(
    "customers with these reference ids; each must exist, so every lookup reads all customers of the accounts",
  ),
  tags: listOf(TagName, "tag names").describe("customers that carry at least one of these tags"),
}).describe("the customers that are never flipped, even when an event names them");

const Retries = strictObject({
  attempts: wholeNumber(1, 10).default(4).describe("how many times a request is sent at most"),
  requestTimeoutMs: wholeNumber(100, 120_000)
    .default(10_000)
    .describe("the time limit of one attempt, in milliseconds"),
  mostBackoffMs: wholeNumber(1, 120_000)
    .default(8_000)
    .describe("the longest wait between two attempts, in milliseconds; a `Retry-After` may ask for five minutes"),
}).describe("how requests to Evo Voice are repeated after a dropped connection, a timeout, a 429 or a 5xx");

const AccountIds = z
  .array(AccountId, { error: "expected a list of account ids; only their customers may be flipped" })
  .min(1, "expected at least one account id: a system administrator sees every account");

/** The name of a CloudWatch alarm in the worker's account and region. */
const AlarmName = lineOf(1, 255, "expected an alarm's name: 1 to 255 characters in one line").refine(
  (name) => !name.startsWith("arn:"),
  "expected an alarm's name, not its ARN",
);

/** Requests a second at the start, unless the policy allows fewer. */
export const DEFAULT_START = 10;

/** The members of a policy, each by itself. */
export const PolicyMembers = strictObject({
  $schema: z.string({ error: "expected the address of this file's schema" }).optional().describe("for editors"),
  baseUrl: BaseUrl.describe("the Evo Voice API to call: an origin with https, or a loopback address"),
  accountIds: AccountIds.describe("the scope: no customer of another account is ever flipped"),
  protected: Protected.prefault({}),
  cohorts: z
    .record(CohortName, PlainTargets, { error: "expected an object of cohorts by name" })
    .prefault({})
    .describe('named targets, for an event\'s `{ "cohort": NAME }`'),
  unknownCustomers: z
    .enum(["refuse", "skip"], { error: 'expected "refuse" or "skip"' })
    .default("refuse")
    .describe(
      "what happens when a customer does not exist that the event or the policy names: `refuse` ends the rollout before the first flip, `skip` skips the customer with a reason",
    ),
  childrenFollow: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe(
      "`true` for an account where a flip also moves the customer's descendants: a rollout that would flip a customer without all of its descendants is refused",
    ),
  strategies: z
    .record(StrategyName, WrittenStrategy, { error: "expected an object of strategies by name" })
    .prefault({})
    .describe("named strategies, for an event's `strategy`; a predefined name is not allowed"),
  strategy: StrategyName.optional().describe(
    `the default strategy: a name in \`strategies\`, or a predefined name; without one, a rollout of more than ${MOST_AT_ONCE} customers has \`${toDefaultStrategy(MOST_AT_ONCE + 1)}\`, a smaller one \`${toDefaultStrategy(MOST_AT_ONCE)}\``,
  ),
  onFailure: OnFailure.default("rollback").describe(
    "what happens when a gate fails: `rollback` restores what the rollout flipped, `halt` leaves every customer as it is and asks a person",
  ),
  maxCustomers: MaxCustomers.optional().describe(
    "the most customers that one rollout may flip; a larger rollout is refused",
  ),
  maxShare: Share.optional().describe(
    'the largest share of the accounts\' customers that one rollout may flip, such as `"25%"`; a larger rollout is refused',
  ),
  largePromote: LargePromote.optional(),
  freezes: Freezes.default([]).describe(
    "times in which no flip of a customer begins: windows by a schedule, or one from a time to a time",
  ),
  alarms: z
    .array(AlarmName, { error: "expected a list of alarm names" })
    .max(MOST_ALARMS, `expected at most ${MOST_ALARMS} alarms; combine alarms in a composite alarm`)
    .transform((names) => [...new Set(names)])
    .prefault([])
    .describe(
      "CloudWatch alarms of any type (metric, composite, log); the gates read them from before the first flip until the end of the last bake",
    ),
  noDataMinutes: wholeNumber(0, 1_440)
    .default(15)
    .describe(
      "how long an alarm may have no data, be missing or be unreadable before the gate fails; until then the gate does not pass",
    ),
  requestsPerSecond: Rate.default(50),
  startRequestsPerSecond: Rate.optional().describe(
    `requests a second at the start; the pace rises until the server refuses a request; the default is ${DEFAULT_START}, or \`requestsPerSecond\` if that is less`,
  ),
  concurrency: Concurrency.default(16),
  failureBudget: FailureBudget.default("1%").describe(
    "how many customers may fail before the rollout stops: a number, or a share of the planned customers",
  ),
  smallestSample: wholeNumber(1, 1_000_000)
    .default(20)
    .describe(
      "a failure budget in percent counts at least this many customers, so that one failure of two customers is not 50 %",
    ),
  retries: Retries.prefault({}),
  pageSize: wholeNumber(1, 1_000).default(100).describe("customers in a page of the lookup"),
  settleSeconds: amount("seconds", 0, 60)
    .default(5)
    .describe(
      "how long after a wave its customers are read again to verify it, in seconds: at least as long as readings lag behind writes",
    ),
  stepSeconds: amount("seconds", 0.05, 720)
    .default(600)
    .describe("the time budget of one durable step, in seconds; well under an invocation's 15 minutes"),
  pipelines: PipelineMappings.optional().describe(
    "the deploy event that the success of a CodePipeline pipeline starts, by the pipeline's name; other pipelines start nothing",
  ),
  webhooks: WebhookSources.optional().describe(
    "the sources that may send webhooks, and the deploy events of their deliveries",
  ),
});

export type PolicyMembers = z.output<typeof PolicyMembers>;
