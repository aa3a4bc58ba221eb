/** The waves of a strategy are a list in which order and repeats count. */
const ORDERED = "waves";

/** The same text for the same work: members by name, lists as the sets that they are. */
export function canonicalJson(value: unknown, isOrdered = false): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonicalJson(item));
    return `[${(isOrdered ? items : [...new Set(items)].sort()).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner, name === ORDERED)}`).join(",")}}`;
}
