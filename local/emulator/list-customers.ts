import { sees } from "./accounts.ts";
import { toCustomerJson } from "./customer-info.ts";
import { toInfoOptions } from "./customer-operations.ts";
import type { Row } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { getBoolean, getList, getText, getWholeNumber } from "./parameters.ts";
import { type Reply, reply } from "./reply.ts";
import { type CustomerSelection, selectRows } from "./select-customers.ts";

/** `GET /customers`: pages count from 0 and have 25 customers by default; simplified paging has no counts. */
export function listCustomers(call: Call): Reply {
  const { state, parameters } = call;
  const rows = selectRows(state.table, state.selections, toSelection(call));
  const page = toPage(call, rows.length);
  const end = Math.min(rows.length, page.first + page.size);
  if (getBoolean(parameters, "simplifiedPaging")) {
    return toListReply(call, rows.slice(page.first, end), `"hasMorePages":${end < rows.length}`);
  }
  const total = Math.max(0, rows.length + toTotalError(call));
  const counts = `"totalCount":${total},"totalPages":${Math.ceil(total / Math.max(1, page.size))}`;
  return toListReply(call, rows.slice(page.first, end), counts);
}

function toSelection({ state, parameters, user }: Call): CustomerSelection {
  const accountIds = getList(parameters, "accountIds");
  const nameFilter = getText(parameters, "nameFilter");
  const visible = ([0, 1] as const).filter((index) => user && sees(user, state.table.accounts[index].id));
  const unfiltered: CustomerSelection = {
    accounts: visible,
    parentCustomerIds: [],
    shallowParent: false,
    tagIds: [],
    specificIds: [],
  };
  if (state.faults.flags.has("ignored-filters")) return unfiltered;
  return {
    ...unfiltered,
    accounts: visible.filter((at) => accountIds.length === 0 || accountIds.includes(state.table.accounts[at].id)),
    ...(nameFilter !== undefined && { nameFilter }),
    parentCustomerIds: getList(parameters, "parentCustomerIds"),
    shallowParent: getBoolean(parameters, "shallowParent"),
    tagIds: getList(parameters, "tagIds"),
    specificIds: getList(parameters, "specificIds"),
  };
}

/** The first row and the size of the page, with its fault. */
function toPage({ state, parameters, fault }: Call, found: number): { first: number; size: number } {
  if (getBoolean(parameters, "all")) return { first: 0, size: found };
  const size = Math.min(getWholeNumber(parameters, "countPerPage", 25) || 25, state.faults.numbers["page-cap"]);
  const isOneBased = state.faults.flags.has("one-based-pages");
  const page = Math.max(0, getWholeNumber(parameters, "page", 0) - (isOneBased ? 1 : 0));
  const { name, variant } = fault;
  if (name === "repeat-page") return { first: Math.max(0, page - 1) * size, size };
  const rowsOff = (variant % 3) + 1;
  const shift = name === "shifting-rows" ? rowsOff * (variant & 8 ? 1 : -1) : 0;
  return { first: Math.max(0, page * size + shift), size };
}

function toTotalError({ state, fault: { name, variant } }: Call): number {
  const moved = variant & 8 ? 1 : -1;
  return state.faults.numbers["wrong-total"] + (name === "moving-total" ? moved : 0);
}

const mostInOneText = 1000;

/** A page is one text; `all=true` is sent in pieces, because a million customers are gigabytes. */
function toListReply({ state }: Call, rows: readonly Row[], counts: string): Reply {
  const options = toInfoOptions(state);
  const toText = (some: readonly Row[]): string => some.map((row) => toCustomerJson(state, row, options)).join(",");
  if (rows.length <= mostInOneText) return reply(`{"items":[${toText(rows)}],${counts}}`);
  return reply(toPieces());

  function* toPieces(): Generator<string> {
    for (let first = 0; first < rows.length; first += mostInOneText) {
      yield `${first === 0 ? '{"items":[' : ","}${toText(rows.slice(first, first + mostInOneText))}`;
    }
    yield `],${counts}}`;
  }
}
