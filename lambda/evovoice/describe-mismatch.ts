import type { ZodError } from "zod";
import { valueAt } from "../contract/member-of.ts";
import { toPath } from "../contract/problems.ts";

/** The most fields that a message names. */
const MOST_FIELDS = 16;

/**
 * Describes why a reply does not fit its schema: each field with the received and the expected type. A value may be
 * personal, so the text shows only the customer id of a row.
 */
export function describeMismatch({ issues }: Pick<ZodError, "issues">, body: unknown): string {
  const shown = issues.slice(0, MOST_FIELDS).map(({ path, message }) => {
    const field = (toPath(path) || "the value") + nameCustomer(body, path);
    return `${field} is ${describeType(valueAt(body, path))}, ${message}`;
  });
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function nameCustomer(body: unknown, [list, index]: readonly PropertyKey[]): string {
  if (list !== "items" || index === undefined) return "";
  const id = valueAt(body, [list, index, "id"]);
  // A text that does not look like an id may be a personal value.
  return typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? ` (customer ${id})` : " (no id)";
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
