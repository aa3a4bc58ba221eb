import { getWholeNumber, type Parameters } from "./parameters.ts";
import { type Reply, toReply } from "./reply.ts";

/** The requested page of a `ListResponse`. */
export function toPagedReply<Item>(
  parameters: Parameters,
  items: readonly Item[],
  toInfo: (item: Item) => object,
): Reply {
  const size = Math.min(getWholeNumber(parameters, "countPerPage", 25) || 25, 250);
  const first = getWholeNumber(parameters, "page", 0) * size;
  return toReply({
    items: items.slice(first, first + size).map(toInfo),
    totalCount: items.length,
    totalPages: Math.ceil(items.length / size),
  });
}
