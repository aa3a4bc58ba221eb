import type { ZodError } from "zod";
import { memberOf, valueAt } from "../contract/member-of.ts";

/** The most rows, and the most fields of a row, that a message names. */
const MOST_ROWS = 5;
const MOST_FIELDS = 8;

/**
 * Describes why a reply does not fit its schema: each field with the received and the expected type. A value may be
 * personal, so the text shows only the customer id of a row.
 */
export function describeMismatch({ issues }: Pick<ZodError, "issues">, body: unknown): string {
  const fieldsByRow = new Map<string, string[]>();
  for (const { path, message } of issues) {
    const isInRow = path[0] === "items" && path.length > 1;
    const place = isInRow ? describeRow(path[1], valueAt(body, path.slice(0, 2))) : "";
    const field = `${toFieldPath(isInRow ? path.slice(2) : path)} is ${describeType(valueAt(body, path))}, ${message}`;
    fieldsByRow.set(place, [...(fieldsByRow.get(place) ?? []), field]);
  }
  const rows = Array.from(fieldsByRow, ([place, fields]) => `${place}${joinSome(fields, MOST_FIELDS, ", ")}`);
  return joinSome(rows, MOST_ROWS, "; ");
}

function describeRow(index: PropertyKey | undefined, row: unknown): string {
  const id = memberOf(row, "id");
  // A text that does not look like an id may be a personal value.
  const isShown = typeof id === "string" && /^[\w-]{1,64}$/.test(id);
  return `items[${String(index)}] (${isShown ? `customer ${id}` : "no id"}): `;
}

function toFieldPath(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "") || "the value";
}

function describeType(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return value === "" ? "an empty text" : "a text";
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    default:
      return "an object";
  }
}

function joinSome(texts: readonly string[], most: number, separator: string): string {
  const more = texts.length - most;
  return [...texts.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}
