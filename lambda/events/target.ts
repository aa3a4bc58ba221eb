import { z } from "zod";
import { strictObject } from "./problems.ts";

/** How many ids one event can name: what fits into the 256 KB of an asynchronous invocation. */
const MOST_IDS = 9_000;

/** An opaque id: URL-encoded wherever it is sent. */
function Id(what: string) {
  return z
    .string({ error: `expected ${what}` })
    .regex(/^[\w.-]{1,64}$/, `expected ${what}: 1 to 64 letters, digits, _ . and -`);
}

function Text(what: string) {
  return z
    .string({ error: `expected ${what}` })
    .regex(/^(?!\s)[^\p{Cc}]{1,100}(?<!\s)$/u, `expected ${what}: 1 to 100 characters, no spaces around them`);
}

const listOf = <Item extends z.ZodType>(item: Item, what: string) =>
  z
    .array(item, { error: `expected a list of ${what}` })
    .min(1, `expected at least one of ${what}`)
    .max(MOST_IDS, `expected at most ${MOST_IDS} of ${what}; name more of them by a tag, a parent or a cohort`);

/** The id of a customer as Evo Voice gives it; opaque, URL-encoded wherever it is sent. */
export const CustomerId = Id("a customer id");

export const AccountId = Id("an account id");

export const TagName = Text("a tag's name");

export const ReferenceId = Text("a reference id");

export const CohortName = Id("a cohort's name");

const ByCustomerIds = strictObject({
  customerIds: listOf(CustomerId, "customer ids"),
}).describe("the customers with these ids");

const ByReferenceIds = strictObject({
  referenceIds: listOf(ReferenceId, "reference ids"),
}).describe("the customers with these reference ids; the whole scope is read to find them");

const ByTags = strictObject({
  tags: listOf(TagName, "tag names"),
  match: z
    .enum(["all", "any"], { error: 'expected "all" (every one of the tags) or "any" (at least one of them)' })
    .default("all"),
}).describe("the customers that carry all of these tags, or any of them");

const ByParent = strictObject({
  parentCustomerId: CustomerId,
  descendants: z.boolean({ error: "expected true (all descendants) or false (direct children only)" }).default(true),
}).describe("the descendants of this customer, or only its direct children; never the customer itself");

const ByCohort = strictObject({ cohort: CohortName }).describe("the customers of this cohort of the policy");

const Everyone = strictObject({
  all: z.literal(true, { error: "expected true, or another kind of target" }),
}).describe("every customer of the policy's accounts");

const PLAIN_KINDS = "exactly one of customerIds, referenceIds, tags, parentCustomerId, all";
const KINDS = PLAIN_KINDS.replace("all", "cohort, all");

/** A selection of customers that needs no policy to be understood. */
export const PlainTarget = z.union([ByCustomerIds, ByReferenceIds, ByTags, ByParent, Everyone], {
  error: `expected a target with ${PLAIN_KINDS}`,
});
export type PlainTarget = z.output<typeof PlainTarget>;

/** A selection of customers. */
export const Target = z.union([ByCustomerIds, ByReferenceIds, ByTags, ByParent, ByCohort, Everyone], {
  error: `expected a target with ${KINDS}`,
});
export type Target = z.output<typeof Target>;

/** One target, or a list of them: a customer that any of them selects is selected. */
export const Targets = oneOrMore(Target, `expected a target with ${KINDS}, or a list of targets`);

export const PlainTargets = oneOrMore(PlainTarget, `expected a target with ${PLAIN_KINDS}, or a list of targets`);

function oneOrMore<Item extends z.ZodType>(item: Item, error: string) {
  return z
    .union([item, z.array(item).min(1, "expected at least one target").max(100, "expected at most 100 targets")], {
      error,
    })
    .transform((value): readonly z.output<Item>[] => (Array.isArray(value) ? value : [value as z.output<Item>]));
}
