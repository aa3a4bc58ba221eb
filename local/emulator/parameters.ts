import { findJson } from "../../lambda/contract/find-json.ts";
import { ServiceError } from "./service-error.ts";

/** A request's members by lower-case name, from the path, the query and the body, as in ServiceStack. */
export type Parameters = ReadonlyMap<string, unknown>;

/** The path overrides the query, and the query overrides the body. */
export function bindParameters(
  path: Readonly<Record<string, string>>,
  query: string,
  body: { readonly contentType: string; readonly text: string },
): Parameters {
  const parameters = new Map<string, unknown>();
  if (body.text !== "") {
    for (const [name, value] of parseBody(body.contentType, body.text)) parameters.set(name.toLowerCase(), value);
  }
  if (query !== "") {
    for (const [name, value] of new URLSearchParams(query)) parameters.set(name.toLowerCase(), value);
  }
  for (const name in path) parameters.set(name.toLowerCase(), path[name]);
  return parameters;
}

export function getText(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name.toLowerCase());
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** An absent boolean is false, as in .NET. */
export function getBoolean(parameters: Parameters, name: string): boolean {
  const value = getText(parameters, name)?.toLowerCase();
  if (value === undefined || ["false", "f", "0", "no", "off", "n"].includes(value)) return false;
  if (["true", "t", "1", "yes", "on", "y"].includes(value)) return true;
  throw unbindable(name);
}

export function getWholeNumber(parameters: Parameters, name: string, fallback: number): number {
  const value = getText(parameters, name);
  if (value === undefined) return fallback;
  if (!/^-?\d{1,9}$/.test(value)) throw unbindable(name);
  if (Number(value) < 0) {
    throw new ServiceError(400, "ArgumentOutOfRangeException", `'${name}' must not be negative.`, name);
  }
  return Number(value);
}

/** A list: a JSON array, or items joined by commas. Items with special characters are in double quotes. Empty items are skipped. */
export function getList(parameters: Parameters, name: string): readonly string[] {
  const value = parameters.get(name.toLowerCase());
  if (Array.isArray(value)) return value.map(String).filter((item) => item !== "");
  const text = getText(parameters, name) ?? "";
  return splitList(text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text);
}

function splitList(text: string): readonly string[] {
  const items = text.match(/\s*"(?:[^"]|"")*"\s*|[^,]+/g) ?? [];
  return items
    .map((item) => item.trim())
    .map((item) => (/^".*"$/s.test(item) ? item.slice(1, -1).replaceAll('""', '"') : item))
    .filter((item) => item !== "");
}

function parseBody(contentType: string, text: string): Iterable<readonly [string, unknown]> {
  if (contentType.startsWith("application/x-www-form-urlencoded")) return new URLSearchParams(text);
  const body = findJson(text);
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new ServiceError(400, "SerializationException", "Unable to bind request: the body is not a JSON object");
  }
  return Object.entries(body);
}

/** The error for a member of the wrong type. */
function unbindable(name: string): ServiceError {
  return new ServiceError(400, "SerializationException", `Unable to bind to request: '${name}' cannot be read`, name);
}
