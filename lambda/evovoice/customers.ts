import type { z } from "zod";
import type { Reading } from "../rollout/flip.ts";
import type { Page, PageRequest, TagIds } from "../rollout/listing.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import type { Connection } from "./connection.ts";
import { describe, isApiFailure, NoAnswerError, RequestRefusedError, type Subject } from "./errors.ts";
import { CustomerInfo, CustomerList, SystemSettings } from "./wire.ts";

/** Reads one page of a listing. */
export async function readPage(connection: Connection, request: PageRequest): Promise<Page> {
  const searchParams = toSearchParams(request);
  if (searchParams === undefined) return { customers: [], total: 0, totalPages: 0 };
  const subject = { operation: `page ${request.page} of the customers` };
  const list = await readAs(CustomerList, connection, { path: "customers", searchParams, subject });
  return {
    customers: list.items.map(toFacts),
    total: list.totalCount ?? undefined,
    totalPages: list.totalPages ?? undefined,
  };
}

/** Lists these customers, at most 100 of them; whom the list does not show, or not whole, is left out. */
export async function listCustomers(connection: Connection, ids: readonly string[]): Promise<readonly CustomerFacts[]> {
  const searchParams = { specificIds: ids.map(quote).join(","), countPerPage: String(ids.length), page: "0" };
  const subject = { operation: `listing ${ids.length} customers` };
  try {
    const list = await readAs(CustomerList, connection, { path: "customers", searchParams, subject });
    const wanted = new Set(ids);
    return list.items.filter(({ id, isStaging }) => wanted.has(id) && isStaging != null).map(toFacts);
  } catch (error) {
    if (isApiFailure(error)) return [];
    throw error;
  }
}

/** Reads one customer. That there is none may be said by a 404, a 400 or a 500. */
export async function readCustomer(connection: Connection, customerId: string): Promise<Reading> {
  const subject = { operation: "reading", customerId };
  try {
    const info = await readAs(CustomerInfo, connection, {
      path: `customers/${encodeURIComponent(customerId)}`,
      subject,
    });
    if (info.id !== customerId) return { reading: "unreadable", reason: `${describe(subject)} gave another customer` };
    return { reading: "found", customer: toFacts(info) };
  } catch (error) {
    if (error instanceof RequestRefusedError && [400, 404, 500].includes(error.status)) return { reading: "missing" };
    if (isApiFailure(error)) return { reading: "unreadable", reason: error.message };
    throw error;
  }
}

/** Reads the tags of each account. */
export async function readTagIds(connection: Connection, accountIds: readonly string[]): Promise<TagIds> {
  const tagIds = new Map<string, ReadonlyMap<string, string>>();
  for (const accountId of accountIds) {
    const subject = { operation: `reading the tags of account ${accountId}` };
    const settings = await readAs(SystemSettings, connection, {
      path: "system/settings",
      searchParams: { accountId },
      subject,
    });
    tagIds.set(accountId, new Map((settings.tags ?? []).map(({ name, id }) => [name, id])));
  }
  return tagIds;
}

interface Read {
  readonly path: string;
  readonly searchParams?: Readonly<Record<string, string>>;
  readonly subject: Subject;
}

async function readAs<Schema extends z.ZodType>(
  schema: Schema,
  connection: Connection,
  read: Read,
): Promise<z.output<Schema>> {
  const { subject, ...request } = read;
  const parsed = schema.safeParse(await connection.read({ method: "GET", ...request }, subject));
  if (!parsed.success) throw new NoAnswerError(subject, "an answer of another shape");
  return parsed.data;
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
      const ids = listing.tags.map((name) => tagIds.get(listing.accountIds[0])?.get(name));
      if (ids.some((id) => id === undefined)) return undefined;
      return { ...scope, tagIds: ids.map((id) => quote(id ?? "")).join(","), ...paging };
    }
  }
}

/** An item of a ServiceStack list: quoted when it holds one of its marks. */
function quote(item: string): string {
  return /[[\]{},"]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
}

function toFacts(info: CustomerInfo): CustomerFacts {
  return {
    id: info.id,
    name: info.name ?? "",
    accountId: info.accountId ?? "",
    isStaging: info.isStaging ?? undefined,
    referenceId: info.referenceId ?? undefined,
    parentCustomerId: info.parentCustomerId ?? undefined,
    ancestorIds: info.breadcrumb?.flatMap(({ id }) => id ?? []),
    tags: (info.tags ?? []).flatMap(({ name }) => name ?? []),
  };
}
