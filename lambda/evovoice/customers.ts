import type * as z from "zod";
import type { Reading } from "../core/flip/flip-result.ts";
import type { CustomerPage, PageRequest, TagIds } from "../core/lookup/customer-query.ts";
import { chunkIds, toIdList } from "../core/lookup/id-list.ts";
import type { CustomerFacts } from "../core/lookup/selection.ts";
import type { RequestReason } from "../core/reason-types.ts";
import type { ApiClient, Decode } from "./api-client.ts";
import { describeMismatch } from "./describe-mismatch.ts";
import { type ApiOperation, RequestFailedError, toNoAnswer, toOwnReason } from "./errors.ts";
import { CustomerInfo, CustomerList, SystemSettings, type Tag } from "./wire.ts";

/** Reads one page of a query. */
export async function readPage(client: ApiClient, request: PageRequest): Promise<CustomerPage> {
  const searchParams = toSearchParams(request);
  const operation = { operation: `page ${request.page} of the customers`, api: "ListCustomers" };
  const list = await readList(client, searchParams, operation);
  if ("tagIds" in searchParams && list.items.some(({ tags }) => tags == null))
    throw toNoAnswer(operation, "customers that do not show the tags they were asked for by");
  return {
    customers: list.items.map(toFacts),
    total: list.totalCount ?? undefined,
    totalPages: list.totalPages ?? undefined,
  };
}

/** Lists customers by id, as many as one request names. A customer that the list does not show completely is left out. */
export async function listCustomers(client: ApiClient, ids: readonly string[]): Promise<readonly CustomerFacts[]> {
  const wanted = new Set(ids);
  const found = new Map<string, CustomerFacts>();
  try {
    for (let page = 0; ; page += 1) {
      const list = await readIds(client, ids, page);
      const before = found.size;
      for (const info of list.items)
        if (wanted.has(info.id) && info.isStaging != null && info.tags != null) found.set(info.id, toFacts(info));
      const isAll = found.size >= Math.min(wanted.size, list.totalCount ?? wanted.size);
      const isFiltered = list.items.every(({ id }) => wanted.has(id));
      // A next page exists only when the server puts fewer customers into a page than the request asks for.
      if (isAll || !isFiltered || found.size === before) break;
    }
  } catch (error) {
    if (!(error instanceof RequestFailedError)) throw error;
  }
  return [...found.values()];
}

/** Reads one customer. A 404 says that the customer is missing; so does a 400 or 500 when the list does not show it. */
export async function readCustomer(client: ApiClient, customerId: string): Promise<Reading> {
  const operation = { operation: "reading", api: "GetCustomer", customerId };
  const request = { method: "GET", path: `customers/${encodeURIComponent(customerId)}`, operation } as const;
  let flagless: CustomerInfo | undefined;
  try {
    const info = await client.read(request, (body) => {
      const decoded = decodeAs(CustomerInfo)(body);
      if ("mismatch" in decoded) return decoded;
      if (decoded.value.id !== customerId) return { mismatch: "id is another customer's" };
      if (decoded.value.isStaging != null) return decoded;
      flagless = decoded.value;
      return { mismatch: "isStaging is missing, expected true or false" };
    });
    return { reading: "found", customer: toFacts(info) };
  } catch (error) {
    if (!(error instanceof RequestFailedError)) throw error;
    if (flagless !== undefined) return { reading: "found", customer: toFacts(flagless) };
    if (await isMissing(client, customerId, error.reason)) return { reading: "missing" };
    return { reading: "unreadable", reason: toOwnReason(error) };
  }
}

/** The reason may be about the sign-in, which has no customer. */
async function isMissing(client: ApiClient, customerId: string, reason: RequestReason): Promise<boolean> {
  if (reason.code !== "request-refused" || reason.customerId !== customerId) return false;
  if (reason.status !== 400 && reason.status !== 500) return reason.status === 404;
  try {
    return (await readIds(client, [customerId], 0)).items.length === 0;
  } catch (failure) {
    if (failure instanceof RequestFailedError) return false;
    throw failure;
  }
}

/**
 * Reads the tags of each account. Settings that ignore the account show the same tags for all: an id that two accounts
 * show is left out, because it is not known whose id it is.
 */
export async function readTagIds(client: ApiClient, accountIds: readonly string[]): Promise<TagIds> {
  const shown = new Map<string, readonly Tag[]>();
  for (const accountId of accountIds) shown.set(accountId, await readTags(client, accountId));
  const allIds = [...shown.values()].flatMap((tags) => [...new Set(tags.map(({ id }) => id))]);
  const seen = new Set<string>();
  const shared = new Set(allIds.filter((id) => seen.size === seen.add(id).size));
  return new Map(Array.from(shown, ([accountId, tags]) => [accountId, toIdsByName(tags, shared)]));
}

async function readTags(client: ApiClient, accountId: string): Promise<readonly Tag[]> {
  const operation = { operation: `reading the tags of account ${accountId}`, api: "GetSystemSettings" };
  const request = { method: "GET", path: "system/settings", searchParams: { accountId }, operation } as const;
  return (await client.read(request, decodeAs(SystemSettings))).tags ?? [];
}

function toIdsByName(tags: readonly Tag[], shared: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const idsByName = new Map<string, readonly string[]>();
  for (const { name, id } of tags)
    idsByName.set(name, [...(idsByName.get(name) ?? []), ...(shared.has(id) ? [] : [id])]);
  return idsByName;
}

function readIds(client: ApiClient, ids: readonly string[], page: number): Promise<CustomerList> {
  const searchParams = { specificIds: toIdList(ids), countPerPage: String(ids.length), page: String(page) };
  return readList(client, searchParams, { operation: `listing ${ids.length} customers`, api: "ListCustomers" });
}

export function readList(
  client: ApiClient,
  searchParams: Readonly<Record<string, string>>,
  operation: ApiOperation,
): Promise<CustomerList> {
  const request = { method: "GET", path: "customers", searchParams, operation } as const;
  return client.read(request, decodeAs(CustomerList));
}

function decodeAs<Schema extends z.ZodType>(schema: Schema): Decode<z.output<Schema>> {
  return (body) => {
    const { data, error } = schema.safeParse(body);
    return error === undefined ? { value: data } : { mismatch: describeMismatch(error, body) };
  };
}

function toSearchParams({ query, page, pageSize, tagIds }: PageRequest): Record<string, string> {
  const paging = { page: String(page), countPerPage: String(pageSize) };
  switch (query.kind) {
    case "all":
      return { accountIds: toIdList(query.accountIds), ...paging };
    case "ids":
      return { specificIds: toIdList(query.customerIds), ...paging };
    case "children":
      return {
        ...(query.accountIds.length > 0 && { accountIds: toIdList(query.accountIds) }),
        parentCustomerIds: toIdList(query.parentCustomerIds),
        ...(!query.descendants && { shallowParent: "true" }),
        ...paging,
      };
    case "tags": {
      // The tags that customers show decide. Without a filter, because no id is known, the whole account is listed.
      const known = query.tags.flatMap((name) => tagIds.get(query.accountIds[0])?.get(name) ?? []);
      const [filter] = chunkIds(known);
      return { accountIds: toIdList(query.accountIds), ...(filter && { tagIds: toIdList(filter) }), ...paging };
    }
  }
}

export function toFacts(info: CustomerInfo): CustomerFacts {
  return {
    id: info.id,
    name: info.name ?? "",
    accountId: info.accountId ?? "",
    isStaging: info.isStaging ?? undefined,
    referenceId: info.referenceId ?? undefined,
    parentCustomerId: info.parentCustomerId ?? undefined,
    ancestorIds: info.breadcrumb?.flatMap(({ id }) => id ?? []),
    tags: (info.tags ?? []).map(({ name }) => name),
  };
}
