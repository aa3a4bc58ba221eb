import { z } from "zod";
import { Concurrency, FailureBudget, Rate } from "./limits.ts";
import { strictObject } from "./problems.ts";
import { AccountId, CohortName, CustomerId, PlainTargets, ReferenceId, TagName } from "./target.ts";

const BaseUrl = z
  .url({ error: 'expected the address of the Evo Voice API, such as "https://evovoice.io"' })
  .refine(isSecure, "expected https (http only for a loopback address)")
  .refine((url) => !URL.canParse(url) || new URL(url).pathname === "/", "expected an origin without a path")
  .refine(
    (url) => !URL.canParse(url) || new URL(url).username === "",
    "expected an address without a user name or password",
  )
  .transform((url) => new URL(url).origin);

const Protected = strictObject({
  customerIds: z.array(CustomerId).default([]),
  referenceIds: z.array(ReferenceId).default([]),
  tags: z.array(TagName).default([]),
}).describe("customers that are never flipped, by id, reference id or tag");

const Retries = strictObject({
  attempts: z.number().int().min(1).max(10).default(4).describe("how often a request is tried"),
  requestTimeoutMs: z.number().int().min(100).max(120_000).default(10_000).describe("how long one try may take, in ms"),
  mostBackoffMs: z
    .number()
    .int()
    .min(1)
    .max(120_000)
    .default(8_000)
    .describe("the longest wait between two tries, in ms"),
}).describe("how requests to Evo Voice are tried again after a dropped connection, a timeout, a 429 or a 5xx");

/** The operator's guard rails and defaults; an event can narrow it, never widen it. */
export const Policy = strictObject({
  $schema: z.string().optional(),
  baseUrl: BaseUrl.describe("the Evo Voice API to call: https, or a loopback address"),
  accountIds: z
    .array(AccountId, { error: "expected the ids of the accounts whose customers may be flipped" })
    .min(1, "expected at least one account id: a system administrator sees every account")
    .describe("the scope: no customer of another account is ever flipped"),
  protected: Protected.prefault({}),
  cohorts: z.record(CohortName, PlainTargets).default({}).describe("named targets, for `targets: { cohort: NAME }`"),
  unknownCustomers: z
    .enum(["refuse", "skip"], { error: 'expected "refuse" or "skip"' })
    .default("refuse")
    .describe("what a named customer that cannot be found does: refuse the rollout, or be skipped with the reason"),
  requestsPerSecond: Rate.default(50),
  startRequestsPerSecond: Rate.default(10).describe(
    "the pace to begin with; it rises while the server is not slower for it",
  ),
  concurrency: Concurrency.default(16),
  failureBudget: FailureBudget.default("1%").describe(
    "how many customers may fail before the rollout stops: a number, or a share of those planned",
  ),
  retries: Retries.prefault({}),
  pageSize: z.number().int().min(1).max(1_000).default(100).describe("how many customers are asked for in a page"),
  stepSeconds: z
    .number()
    .min(0.05)
    .max(720)
    .default(600)
    .describe("the time budget of one durable step, well under an invocation's 15 minutes"),
}).superRefine(findContradictions);
export type Policy = z.output<typeof Policy>;

function isSecure(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname));
}

interface Contradictory {
  readonly requestsPerSecond: number;
  readonly startRequestsPerSecond: number;
  readonly protected: z.output<typeof Protected>;
  readonly cohorts: Readonly<Record<string, z.output<typeof PlainTargets>>>;
}

/** What each member allows but the whole does not. */
function findContradictions(policy: Contradictory, context: z.RefinementCtx): void {
  const report = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  if (policy.startRequestsPerSecond > policy.requestsPerSecond) {
    report(["startRequestsPerSecond"], `expected at most requestsPerSecond, which is ${policy.requestsPerSecond}`);
  }
  for (const [cohort, targets] of Object.entries(policy.cohorts)) {
    for (const clash of findProtected(targets, policy.protected)) {
      report(["cohorts", cohort], `expected no protected customers, but ${clash} is protected`);
    }
  }
}

function findProtected(targets: z.output<typeof PlainTargets>, guarded: z.output<typeof Protected>): readonly string[] {
  return targets.flatMap((target) => {
    if ("customerIds" in target) return target.customerIds.filter((id) => guarded.customerIds.includes(id));
    if ("referenceIds" in target) return target.referenceIds.filter((id) => guarded.referenceIds.includes(id));
    if ("tags" in target) return target.tags.filter((tag) => guarded.tags.includes(tag)).map((tag) => `tag ${tag}`);
    return [];
  });
}
