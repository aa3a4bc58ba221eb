import * as z from "zod";
import { didYouMeanMember } from "./find-closest.ts";
import { strictObject } from "./problems.ts";

/** As many of Evo Voice's ids as fit into an event, which has at most 300,000 bytes. */
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

/** Evo Voice compares ids without case, so Cutover knows them in small letters only, those of its replies too. */
export const CustomerId = Id("a customer id").toLowerCase();

export const AccountId = Id("an account id");

export const TagName = Text("a tag's name");

export const ReferenceId = Text("a reference id");

export const CohortName = Id("a cohort's name");

export const CustomerIds = listOf(CustomerId, "customer ids");

export const ReferenceIds = listOf(ReferenceId, "reference ids");

const ByCustomerIds = strictObject({
  customerIds: CustomerIds,
}).describe("the customers with these ids");

const ByReferenceIds = strictObject({
  referenceIds: ReferenceIds,
}).describe(
  "the customers with these reference ids; to find them, the lookup reads all customers of the policy's accounts",
);

const MATCH = 'expected "any" (customers with at least one of the tags) or "all" (customers with every tag)';
const Tags = listOf(TagName, "tag names");
const Match = z.enum(["any", "all"], { error: MATCH });

/** A list of tags alone would not say which customers are meant. */
const ByTags = strictObject({
  tags: Tags,
  match: Match.optional().describe("required with two or more tags"),
})
  .refine(({ tags, match }) => match !== undefined || tags.length < 2, {
    path: ["match"],
    error: `${MATCH}: two or more tags need it`,
  })
  .describe("the customers with at least one of these tags (`any`), or with every tag (`all`)")
  .transform(({ tags, match = "any" }) => ({ tags, match }));

/** A list of tags takes out as much as it can: one that is read too widely leaves a customer where it is. */
const ExcludedByTags = strictObject({
  tags: Tags,
  match: Match.default("any"),
}).describe("the customers with at least one of these tags; with `match` `all`, only those with every tag");

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

/** A selection of customers that are left out. */
const Exclusion = z
  .union([ByCustomerIds, ByReferenceIds, ExcludedByTags, ByParent, ByCohort, AllCustomers], {
    error: ({ input }) => expectTarget(KINDS, input),
  })
  .meta({ id: "exclusion", title: "An exclusion of customers" });

/** One target, or a list of targets: each selects customers. */
export const Targets = oneOrMore(Target, KINDS);

/** One exclusion, or a list of exclusions. */
export const Exclusions = oneOrMore(Exclusion, KINDS);

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
