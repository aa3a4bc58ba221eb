import type * as z from "zod";
import type { Reading } from "../rollout/flip.ts";
import type { Page, PageRequest, TagIds } from "../rollout/listing.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import type { Connection, Understand } from "./api-client.ts";
import { describeMisfit } from "./describe-mismatch.ts";
import { isApiFailure, RequestRefusedError, type Subject, toFailure } from "./errors.ts";
import { CustomerInfo, CustomerList, SystemSettings } from "./wire.ts";

/** Reads one page of a listing. */
export async function readPage(connection: Connection, request: PageRequest): Promise<Page> {
  const searchParams = toSearchParams(request);
  if (searchParams === undefined) return { customers: [], total: 0, totalPages: 0 };
  const subject = { operation: `page ${request.page} of the customers`, api: "ListCustomers" };
  const list = await readList(connection, searchParams, subject);
  if (request.listing.kind === "tags" && list.items.some(({ tags }) => tags == null))
    throw toFailure(subject, { kind: "lost", why: "customers that do not show the tags they were asked for by" });
  return {
    customers: list.items.map(toFacts),
    total: list.totalCount ?? undefined,
    totalPages: list.totalPages ?? undefined,
  };
}

/** Lists these customers, at most 100 of them; whom the list does not show, or not whole, is left out. */
export async function listCustomers(connection: Connection, ids: readonly string[]): Promise<readonly CustomerFacts[]> {
  const wanted = new Set(ids);
  const found = new Map<string, CustomerFacts>();
  try {
    for (let page = 0; ; page += 1) {
      const list = await readIds(connection, ids, page);
      const before = found.size;
      for (const info of list.items)
        if (wanted.has(info.id) && info.isStaging != null && info.tags != null) found.set(info.id, toFacts(info));
      const isAll = found.size >= Math.min(wanted.size, list.totalCount ?? wanted.size);
      const isFiltered = list.items.every(({ id }) => wanted.has(id));
      // The next page is only of use when the server sends fewer in a page than were asked for.
      if (isAll || !isFiltered || found.size === before) break;
    }
  } catch (error) {
    if (!isApiFailure(error)) throw error;
  }
  return [...found.values()];
}

/** Reads one customer. That there is none may be said by a 404, or by a 400 or 500 and a list without it. */
export async function readCustomer(connection: Connection, customerId: string): Promise<Reading> {
  const subject = { operation: "reading", api: "GetCustomer", customerId };
  const request = { method: "GET", path: `customers/${encodeURIComponent(customerId)}` } as const;
  let flagless: CustomerInfo | undefined;
  try {
    const info = await connection.read(request, subject, (body) => {
      const understood = understandAs(CustomerInfo)(body);
      if ("misfit" in understood) return understood;
      if (understood.value.id !== customerId) return { misfit: "id is another customer's" };
      if (understood.value.isStaging != null) return understood;
      flagless = understood.value;
      return { misfit: "isStaging is missing, expected true or false" };
    });
    return { reading: "found", customer: toFacts(info) };
  } catch (error) {
    if (!isApiFailure(error)) throw error;
    if (flagless !== undefined) return { reading: "found", customer: toFacts(flagless) };
    if (await isMissing(connection, customerId, error)) return { reading: "missing" };
    return { reading: "unreadable", reason: error.message };
  }
}

async function isMissing(connection: Connection, customerId: string, error: unknown): Promise<boolean> {
  if (!(error instanceof RequestRefusedError) || error.customerId !== customerId) return false;
  if (![400, 404, 500].includes(error.status)) return false;
  if (error.status === 404) return true;
  try {
    return (await readIds(connection, [customerId], 0)).items.length === 0;
  } catch (failure) {
    if (isApiFailure(failure)) return false;
    throw failure;
  }
}

/** Reads the tags of each account. */
export async function readTagIds(connection: Connection, accountIds: readonly string[]): Promise<TagIds> {
  const tagIds = new Map<string, Map<string, readonly string[]>>();
  for (const accountId of accountIds) {
    const settings = await connection.read(
      { method: "GET", path: "system/settings", searchParams: { accountId } },
      { operation: `reading the tags of account ${accountId}`, api: "GetSystemSettings" },
      understandAs(SystemSettings),
    );
    const idsByName = new Map<string, readonly string[]>();
    for (const { name, id } of settings.tags ?? []) idsByName.set(name, [...(idsByName.get(name) ?? []), id]);
    tagIds.set(accountId, idsByName);
  }
  return tagIds;
}

function readIds(connection: Connection, ids: readonly string[], page: number): Promise<CustomerList> {
  const searchParams = { specificIds: ids.map(quote).join(","), countPerPage: String(ids.length), page: String(page) };
  return readList(connection, searchParams, { operation: `listing ${ids.length} customers`, api: "ListCustomers" });
}

export function readList(
  connection: Connection,
  searchParams: Readonly<Record<string, string>>,
  subject: Subject,
): Promise<CustomerList> {
  const request = { method: "GET", path: "customers", searchParams } as const;
  return connection.read(request, subject, understandAs(CustomerList));
}

function understandAs<Schema extends z.ZodType>(schema: Schema): Understand<z.output<Schema>> {
  return (body) => {
    const { data, error } = schema.safeParse(body);
    return error === undefined ? { value: data } : { misfit: describeMisfit(error, body) };
  };
}

/** The query; undefined when no customer can match, because the account has no such tag. */
function toSearchParams({ listing, page, pageSize, tagIds }: PageRequest): Record<string, string> | undefined {
  const paging = { page: String(page), countPerPage: String(pageSize) };
  const scope = { accountIds: listing.accountIds.map(quote).join(",") };
  switch (listing.kind) {
    case "everyone":
      return { ...scope, ...paging };
    case "ids":
      return { specificIds: listing.customerIds.map(quote).join(","), ...paging };
    case "children":
      return {
        ...scope,
        parentCustomerIds: quote(listing.parentCustomerId),
        ...(!listing.descendants && { shallowParent: "true" }),
        ...paging,
      };
    case "tags": {
      const ids = listing.tags.map((name) => tagIds.get(listing.accountIds[0])?.get(name)?.[0]);
      if (ids.some((id) => id === undefined)) return undefined;
      return { ...scope, tagIds: ids.map((id) => quote(id ?? "")).join(","), ...paging };
    }
  }
}

/** An item of a ServiceStack list: quoted when it holds one of its marks. */
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
