import type { DescendantList } from "../rollout/kin.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import type { ApiClient } from "./api-client.ts";
import { quote, readList, toFacts } from "./customers.ts";
import { isApiFailure } from "./errors.ts";
import type { CustomerList } from "./wire.ts";

const IN_A_PAGE = 100;
/** Rows may shift between pages while they are read. */
const MOST_PASSES = 2;

/** Lists whoever is below these customers, at most 100 of them, however deep; a list that cannot be shown to be whole is none. */
export async function listDescendants(client: ApiClient, parentIds: readonly string[]): Promise<DescendantList> {
  try {
    for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
      const customers = await readPass(client, parentIds);
      if (customers !== undefined) return { list: "whole", customers };
    }
    return { list: "unknown", reason: "Evo Voice does not list as many descendants as it counts" };
  } catch (error) {
    if (!isApiFailure(error)) throw error;
    return { list: "unknown", reason: error.message };
  }
}

/** Undefined when the pages do not come to what the server counts. */
async function readPass(
  client: ApiClient,
  parentIds: readonly string[],
): Promise<readonly CustomerFacts[] | undefined> {
  const parentCustomerIds = parentIds.map(quote).join(",");
  const operation = { operation: `listing the descendants of ${parentIds.length} customers`, api: "ListCustomers" };
  const found = new Map<string, CustomerFacts>();
  let firstTotal: CustomerList["totalCount"];
  for (let page = 0; ; page += 1) {
    const paging = { countPerPage: String(IN_A_PAGE), page: String(page) };
    const list = await readList(client, { parentCustomerIds, ...paging }, operation);
    if (page === 0) firstTotal = list.totalCount;
    const before = found.size;
    for (const info of list.items) found.set(info.id, toFacts(info));
    if (isEnd(list, found.size) && list.totalCount === firstTotal) return [...found.values()];
    // Somebody came or went meanwhile: the rows behind have moved, and one may have slid past the page that was read.
    if (list.totalCount !== firstTotal || found.size === before) return undefined;
  }
}

/** A full page may have more behind it, whatever the server counts. */
function isEnd({ items, totalCount }: CustomerList, found: number): boolean {
  return totalCount == null ? items.length === 0 : found >= totalCount && items.length < IN_A_PAGE;
}
