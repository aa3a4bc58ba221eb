import * as z from "zod";
import { BaseUrl } from "./base-url.ts";
import { Concurrency, FailureBudget, Rate, wholeNumber } from "./limits.ts";
import { PipelineMappings } from "./pipeline-mapping.ts";
import { strictObject } from "./problems.ts";
import { AccountId, CohortName, CustomerId, PlainTargets, ReferenceId, TagName } from "./target.ts";
import { WebhookSources } from "./webhook-sources.ts";

const STEP_SECONDS = "expected seconds, from 0.05 to 720";

const listOf = <Item extends z.ZodType>(item: Item, what: string) =>
  z.array(item, { error: `expected a list of ${what}` }).default([]);

const Protected = strictObject({
  customerIds: listOf(CustomerId, "customer ids").describe("customers with these ids"),
  referenceIds: listOf(ReferenceId, "reference ids").describe("customers with these reference ids"),
  tags: listOf(TagName, "tag names").describe("customers that carry at least one of these tags"),
}).describe("customers that are never flipped, whatever an event says");

const Retries = strictObject({
  attempts: wholeNumber(1, 10).default(4).describe("how often a request is tried"),
  requestTimeoutMs: wholeNumber(100, 120_000).default(10_000).describe("how long one try may take, in milliseconds"),
  mostBackoffMs: wholeNumber(1, 120_000).default(8_000).describe("the longest wait between two tries, in milliseconds"),
}).describe("how requests to Evo Voice are tried again after a dropped connection, a timeout, a 429 or a 5xx");

const AccountIds = z
  .array(AccountId, { error: "expected a list of the ids of the accounts whose customers may be flipped" })
  .min(1, "expected at least one account id: a system administrator sees every account");

const DEFAULT_START = 10;

const Members = strictObject({
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
      "what a customer that is named but cannot be found does: `refuse` ends the rollout before the first flip, `skip` skips it with the reason",
    ),
  requestsPerSecond: Rate.default(50),
  startRequestsPerSecond: Rate.optional().describe(
    `requests a second to begin with; the pace rises while the server is not slower for it; ${DEFAULT_START} when left out, or \`requestsPerSecond\` if that is less`,
  ),
  concurrency: Concurrency.default(16),
  failureBudget: FailureBudget.default("1%").describe(
    "how many customers may fail before the rollout stops: a number, or a share of those to be flipped",
  ),
  retries: Retries.prefault({}),
  pageSize: wholeNumber(1, 1_000).default(100).describe("how many customers are asked for in a page"),
  stepSeconds: z
    .number({ error: STEP_SECONDS })
    .min(0.05, STEP_SECONDS)
    .max(720, STEP_SECONDS)
    .default(600)
    .describe("the time budget of one durable step, in seconds; well under an invocation's 15 minutes"),
  pipelines: PipelineMappings.optional().describe(
    "what the success of a pipeline of CodePipeline starts, by the pipeline's name; what is not named starts nothing",
  ),
  webhooks: WebhookSources.optional().describe("who may send webhooks, and what of theirs starts what"),
});

/** The operator's guard rails and defaults; an event can narrow it, never widen it. */
export const Policy = Members.transform(({ startRequestsPerSecond, ...members }) => ({
  ...members,
  startRequestsPerSecond: startRequestsPerSecond ?? Math.min(DEFAULT_START, members.requestsPerSecond),
}));
export type Policy = z.output<typeof Policy>;

/** The members by name, each of which can be looked at by itself. */
export const policyMembers = Members.shape;
