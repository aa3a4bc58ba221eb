import * as z from "zod";
import { didYouMeanMember } from "./find-closest.ts";
import { strictObject } from "./problems.ts";

/** As many ids as fit into the 256 KB of an asynchronous invocation. */
const MOST_IDS = 9_000;

/** An opaque id; never only dots, because such an id in a URL would lead to another path. */
function Id(what: string) {
  return z
    .string({ error: `expected ${what}` })
    .regex(/^(?!\.+$)[\w.-]{1,64}$/, `expected ${what}: 1 to 64 letters, digits, _ . and -`);
}

function Text(what: string) {
  return z
    .string({ error: `expected ${what}` })
    .regex(
      /^(?!\s)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,100}(?<!\s)$/u,
      `expected ${what}: 1 to 100 characters in one line, no spaces around them`,
    );
}

/** Repeats are dropped. */
const listOf = <Item extends z.ZodType<string>>(item: Item, what: string) =>
  z
    .array(item, { error: `expected a list of ${what}` })
    .min(1, `expected at least one of ${what}`)
    .max(MOST_IDS, `expected at most ${MOST_IDS} ${what}; use a tag, a parent or a cohort for more`)
    .transform((items) => [...new Set(items)]);

export const CustomerId = Id("a customer id");

export const AccountId = Id("an account id");

export const TagName = Text("a tag's name");

export const ReferenceId = Text("a reference id");

export const CohortName = Id("a cohort's name");

export const CustomerIds = listOf(CustomerId, "customer ids");

const ByCustomerIds = strictObject({
  customerIds: CustomerIds,
}).describe("the customers with these ids");

const ByReferenceIds = strictObject({
  referenceIds: listOf(ReferenceId, "reference ids"),
}).describe(
  "the customers with these reference ids; to find them, the lookup reads all customers of the policy's accounts",
);

const ByTags = strictObject({
  tags: listOf(TagName, "tag names"),
  match: z.enum(["all", "any"], { error: 'expected "all" (every tag) or "any" (at least one tag)' }).default("all"),
}).describe("the customers with all of these tags, or with any of them");

const ByParent = strictObject({
  parentCustomerId: CustomerId,
  descendants: z.boolean({ error: "expected true (all descendants) or false (direct children only)" }).default(true),
}).describe("the descendants of this customer, or only its direct children; never the customer itself");

const ByCohort = strictObject({ cohort: CohortName }).describe("the customers of this cohort of the policy");

const AllCustomers = strictObject({
  all: z.literal(true, { error: "expected true, or another kind of target" }),
}).describe("every customer of the policy's accounts");

const PLAIN_KINDS = ["customerIds", "referenceIds", "tags", "parentCustomerId", "all"] as const;
const KINDS = [...PLAIN_KINDS.slice(0, -1), "cohort", "all"] as const;

/** A selection of customers without a cohort, so it does not depend on the policy. */
export const PlainTarget = z
  .union([ByCustomerIds, ByReferenceIds, ByTags, ByParent, AllCustomers], {
    error: ({ input }) => expectTarget(PLAIN_KINDS, input),
  })
  .meta({ id: "plainTarget", title: "A selection of customers without a cohort" });
export type PlainTarget = z.output<typeof PlainTarget>;

/** A selection of customers. */
export const Target = z
  .union([ByCustomerIds, ByReferenceIds, ByTags, ByParent, ByCohort, AllCustomers], {
    error: ({ input }) => expectTarget(KINDS, input),
  })
  .meta({ id: "target", title: "A selection of customers" });
export type Target = z.output<typeof Target>;

/** One target, or a list of targets: each selects customers. */
export const Targets = oneOrMore(Target, KINDS);

export const PlainTargets = oneOrMore(PlainTarget, PLAIN_KINDS);

function oneOrMore<Item extends z.ZodType>(item: Item, kinds: readonly string[]) {
  return z
    .union([item, z.array(item).min(1, "expected at least one target").max(100, "expected at most 100 targets")], {
      error: ({ input }) => expectTarget(kinds, input, ", or a list of targets"),
    })
    .transform((value): readonly z.output<Item>[] => (Array.isArray(value) ? value : [value as z.output<Item>]));
}

function expectTarget(kinds: readonly string[], input: unknown, orElse = ""): string {
  return `expected a target with exactly one of ${kinds.join(", ")}${orElse}${didYouMeanMember(input, kinds)}`;
}
