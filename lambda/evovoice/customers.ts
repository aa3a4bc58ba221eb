import type * as z from "zod";
import type { Reading } from "../core/flip/settle-before-flip.ts";
import type { Page, PageRequest, TagIds } from "../core/lookup/customer-query.ts";
import type { CustomerFacts } from "../core/lookup/selection.ts";
import type { RequestReason } from "../core/reason-types.ts";
import type { ApiClient, Decode } from "./api-client.ts";
import { describeMismatch } from "./describe-mismatch.ts";
import { type ApiOperation, RequestFailedError, toNoAnswer, toOwnReason } from "./errors.ts";
import { CustomerInfo, CustomerList, SystemSettings } from "./wire.ts";

/** Reads one page of a query. */
export async function readPage(client: ApiClient, request: PageRequest): Promise<Page> {
  const searchParams = toSearchParams(request);
  if (searchParams === undefined) return { customers: [], total: 0, totalPages: 0 };
  const operation = { operation: `page ${request.page} of the customers`, api: "ListCustomers" };
  const list = await readList(client, searchParams, operation);
  if (request.query.kind === "tags" && list.items.some(({ tags }) => tags == null))
    throw toNoAnswer(operation, "customers that do not show the tags they were asked for by");
  return {
    customers: list.items.map(toFacts),
    total: list.totalCount ?? undefined,
    totalPages: list.totalPages ?? undefined,
  };
}

/** Lists at most 100 customers by id. A customer that the list does not show completely is left out. */
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

/** Reads the tags of each account. */
export async function readTagIds(client: ApiClient, accountIds: readonly string[]): Promise<TagIds> {
  const tagIds = new Map<string, Map<string, readonly string[]>>();
  for (const accountId of accountIds) {
    const settings = await client.read(
      {
        method: "GET",
        path: "system/settings",
        searchParams: { accountId },
        operation: { operation: `reading the tags of account ${accountId}`, api: "GetSystemSettings" },
      },
      decodeAs(SystemSettings),
    );
    const idsByName = new Map<string, readonly string[]>();
    for (const { name, id } of settings.tags ?? []) idsByName.set(name, [...(idsByName.get(name) ?? []), id]);
    tagIds.set(accountId, idsByName);
  }
  return tagIds;
}

function readIds(client: ApiClient, ids: readonly string[], page: number): Promise<CustomerList> {
  const searchParams = { specificIds: ids.map(quote).join(","), countPerPage: String(ids.length), page: String(page) };
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

/** The query; undefined when the account has no such tag, so that no customer can match. */
function toSearchParams({ query, page, pageSize, tagIds }: PageRequest): Record<string, string> | undefined {
  const paging = { page: String(page), countPerPage: String(pageSize) };
  const scope = { accountIds: query.accountIds.map(quote).join(",") };
  switch (query.kind) {
    case "all":
      return { ...scope, ...paging };
    case "ids":
      return { specificIds: query.customerIds.map(quote).join(","), ...paging };
    case "children":
      return {
        ...(query.accountIds.length > 0 && scope),
        parentCustomerIds: query.parentCustomerIds.map(quote).join(","),
        ...(!query.descendants && { shallowParent: "true" }),
        ...paging,
      };
    case "tags": {
      const ids = query.tags.map((name) => tagIds.get(query.accountIds[0])?.get(name)?.[0]);
      if (ids.some((id) => id === undefined)) return undefined;
      return { ...scope, tagIds: ids.map((id) => quote(id ?? "")).join(","), ...paging };
    }
  }
}

/** An item of a ServiceStack list, in quotes when it contains a character that separates items. */
export function quote(item: string): string {
  return /[[\]{},"]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
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
