import type { DescendantList } from "../rollout/kin.ts";
import type { CustomerFacts } from "../rollout/selection.ts";
import type { Connection } from "./connection.ts";
import { quote, readList, toFacts } from "./customers.ts";
import { isApiFailure } from "./errors.ts";

const IN_A_PAGE = 100;
/** Rows may shift between pages while they are read. */
const MOST_PASSES = 2;

/** Lists whoever is below these customers, at most 100 of them, however deep; a list that cannot be shown to be whole is none. */
export async function listDescendants(connection: Connection, parentIds: readonly string[]): Promise<DescendantList> {
  try {
    for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
      const customers = await readPass(connection, parentIds);
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
  connection: Connection,
  parentIds: readonly string[],
): Promise<readonly CustomerFacts[] | undefined> {
  const parentCustomerIds = parentIds.map(quote).join(",");
  const subject = { operation: `listing the descendants of ${parentIds.length} customers`, api: "ListCustomers" };
  const found = new Map<string, CustomerFacts>();
  let firstTotal: number | undefined;
  for (let page = 0; ; page += 1) {
    const paging = { countPerPage: String(IN_A_PAGE), page: String(page) };
    const { items, totalCount } = await readList(connection, { parentCustomerIds, ...paging }, subject);
    const total = totalCount ?? undefined;
    if (page === 0) firstTotal = total;
    // Somebody came or went meanwhile, and the rows behind have moved: one may have slid past the page that was read.
    if (total !== firstTotal) return undefined;
    const before = found.size;
    for (const info of items) found.set(info.id, toFacts(info));
    const isAll = total !== undefined && found.size >= total;
    if (isAll && items.length < IN_A_PAGE) return [...found.values()];
    if (items.length === 0) return total === undefined ? [...found.values()] : undefined;
    if (found.size === before) return undefined;
  }
}
