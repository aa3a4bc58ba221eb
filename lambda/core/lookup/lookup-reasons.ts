import type { LookupReason, Sentences } from "../reason-types.ts";

export const LOOKUP_SENTENCES: Sentences<LookupReason> = {
  "outside-accounts": () => "outside of the policy's accounts",
  "protected-by-policy": ({ by, tag }) => `protected by the policy (${tag === undefined ? `by ${by}` : `tag ${tag}`})`,
  "protected-by-control": () => "protected by the controls",
  excluded: () => "excluded by the event",
  "unknown-customer": () => "no customer has this id",
  "unknown-reference": () => "no customer has this reference id",
  "no-longer-found": () =>
    "is not there any more: Evo Voice does not have it, or the event's targets no longer select it",
  "unclear-family": ({ customerId, ancestorId }) =>
    `cannot tell whether customer ${customerId} descends from ${ancestorId}: Evo Voice shows no whole breadcrumb for it; name the customers by id, or take direct children only`,
  "unknown-cohort": ({ cohort }) => `the policy has no cohort ${cohort}; correct the event or the policy`,
  "unknown-tags": ({ tags }) =>
    `no account of the policy has a tag ${tags.map(quote).join(", ")}; correct the event or the policy`,
  "repeated-tags": ({ tags }) =>
    `several tags have the same name: ${tags.map(({ tag, accountId }) => `${quote(tag)} in account ${accountId}`).join(", ")}; rename all but one of them`,
  "incomplete-lookup": ({ seen }) =>
    `the lookup cannot show that it found every customer: ${seen}; try again when no customer is being added or removed`,
  "customer-unreadable": ({ customerId, why }, describe) =>
    `the named customer ${customerId} cannot be looked up: ${describe(why)}`,
  "bad-id": ({ of, start, characters, mostCharacters }) =>
    `Evo Voice showed a ${of} id of ${characters} characters (${start}…) where at most ${mostCharacters} can be right; see whether the policy's baseUrl is Evo Voice's API`,
  "unknown-targets": ({ rolloutId }) =>
    `the ledger does not say which customers rollout ${rolloutId} meant, so no customer was flipped; send a new event`,
};

function quote(text: string): string {
  return `"${text}"`;
}
