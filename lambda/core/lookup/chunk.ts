/** As many ids as fit into a URL that every proxy passes. */
const IDS_AT_ONCE = 100;

/** Splits items into groups of at most a hundred, as many as one list request names. */
export function chunk<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / IDS_AT_ONCE) }, (_, index) =>
    items.slice(index * IDS_AT_ONCE, (index + 1) * IDS_AT_ONCE),
  );
}
