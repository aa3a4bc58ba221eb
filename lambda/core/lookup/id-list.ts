const MOST_IDS = 100;
/** Some servers and proxies refuse a URL of more than 2,000 characters. 120 are for the address and what else stands in it. */
const MOST_CHARACTERS = 1_880;

/** Splits ids into groups: as many as one list request names. */
export function chunkIds(ids: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const more = countCharacters(id);
    characters += more;
    if (characters > MOST_CHARACTERS || groups.at(-1)?.length === MOST_IDS) {
      groups.push([]);
      characters = more;
    }
    groups.at(-1)?.push(id);
  }
  return groups;
}

/** The value of a list parameter. ServiceStack takes an item in quotes when it contains a character that separates items. */
export function toIdList(ids: readonly string[]): string {
  return ids.map((id) => (/[[\]{},"]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id)).join(",");
}

/** In a URL, with the comma behind it, which is not encoded. */
function countCharacters(id: string): number {
  return new URLSearchParams({ id: toIdList([id]) }).toString().length - "id".length;
}
