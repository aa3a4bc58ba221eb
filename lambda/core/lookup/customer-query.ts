import type { PlainTarget } from "../../contract/target.ts";
import type { Candidate } from "../plan/candidates.ts";
import { chunkIds } from "./id-list.ts";
import type { CustomerFacts, Selection } from "./selection.ts";

/** One window of pages that a lookup found. */
export interface FoundPages {
  readonly query: number;
  readonly pass: number;
  readonly page: number;
  /** 64-bit hashes of every id that the server sent, selected or not. */
  readonly idHashes: Uint8Array;
  readonly customers: readonly Candidate[];
  /** Reference ids that the event names, with the customers that carry them. */
  readonly references: readonly (readonly [referenceId: string, customerId: string])[];
}

/** A question to Evo Voice. Its pages together hold every customer that it asks for. */
export type CustomerQuery =
  | { readonly kind: "all"; readonly accountIds: readonly string[] }
  | { readonly kind: "ids"; readonly customerIds: readonly string[] }
  | { readonly kind: "tags"; readonly accountIds: readonly [string]; readonly tags: readonly string[] }
  | {
      readonly kind: "children";
      /** Empty: all accounts that the login may see. */
      readonly accountIds: readonly string[];
      readonly parentCustomerIds: readonly string[];
      /** False: the direct children only. */
      readonly descendants: boolean;
    };

/** One page of a query, as the server sent it. */
export interface CustomerPage {
  readonly customers: readonly CustomerFacts[];
  /** The server's count of all pages together; undefined when it gives none. */
  readonly total: number | undefined;
  readonly totalPages: number | undefined;
}

/**
 * Tag names to ids, for each account: a name has other ids in another account, and may have several in one. It has none
 * when the settings do not show which tag of the account it is.
 */
export type TagIds = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

export interface PageRequest {
  readonly query: CustomerQuery;
  /** 0-based. */
  readonly page: number;
  readonly pageSize: number;
  readonly tagIds: TagIds;
}

/**
 * Makes the queries that find every customer of a selection. They also ask for the ids and parents that an exclusion, a
 * cohort of the waves or a protection names, so that a typing error is seen before the first flip.
 */
export function toCustomerQueries(selection: Selection): readonly CustomerQuery[] {
  const { accountIds, targets } = selection;
  const needsAll = targets.some((target) => "all" in target) || namedReferences(selection).size > 0;
  const named = [...namedCustomers(selection)].sort();
  return [
    ...chunkIds(named).map((customerIds): CustomerQuery => ({ kind: "ids", customerIds })),
    ...chunkIds(accountIds).flatMap((some): readonly CustomerQuery[] =>
      needsAll ? [{ kind: "all", accountIds: some }] : targets.flatMap((target) => toNarrowQueries(target, some)),
    ),
  ];
}

/** Every tag that the selection names: each must exist, or a typing error would go unnoticed. */
export function namedTags(selection: Selection): readonly string[] {
  const ofTargets = writtenTargets(selection).flatMap((target) => ("tags" in target ? target.tags : []));
  return [...new Set([...ofTargets, ...selection.guarded.tags])].sort();
}

/** The id of every customer and parent that the event or the policy names. */
export function namedCustomers(selection: Selection): ReadonlySet<string> {
  return new Set([...writtenTargets(selection).flatMap(namedIds), ...selection.guarded.customerIds]);
}

/** Every reference id that the event or the policy names. */
export function namedReferences(selection: Selection): ReadonlySet<string> {
  const ofTargets = writtenTargets(selection).flatMap((target) =>
    "referenceIds" in target ? target.referenceIds : [],
  );
  return new Set([...ofTargets, ...selection.guarded.referenceIds]);
}

function writtenTargets({ targets, exclude, cohortWaves }: Selection): readonly PlainTarget[] {
  return [...targets, ...exclude, ...cohortWaves.flatMap((wave) => wave.targets)];
}

function namedIds(target: PlainTarget): readonly string[] {
  if ("customerIds" in target) return target.customerIds;
  return "parentCustomerId" in target ? [target.parentCustomerId] : [];
}

function toNarrowQueries(target: PlainTarget, accountIds: readonly string[]): readonly CustomerQuery[] {
  if ("tags" in target) {
    const tagSets = target.match === "all" ? [target.tags] : target.tags.map((tag) => [tag]);
    return accountIds.flatMap((accountId) =>
      tagSets.map((tags): CustomerQuery => ({ kind: "tags", accountIds: [accountId], tags })),
    );
  }
  if ("parentCustomerId" in target) {
    return [
      { kind: "children", accountIds, parentCustomerIds: [target.parentCustomerId], descendants: target.descendants },
    ];
  }
  return [];
}
