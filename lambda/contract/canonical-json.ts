/** The order and the repeats of waves count. */
const ORDERED = "waves";

/** Equal texts for equal work: members are sorted by name, and lists are sets. */
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
