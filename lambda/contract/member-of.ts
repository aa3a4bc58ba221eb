/** An own member of a value of any type. */
export function memberOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<PropertyKey, unknown>>)[name]
    : undefined;
}

/** The value at a path of own members; undefined when there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => memberOf(inner, key), value);
}

/** An own member that is an object; otherwise an empty object. */
export function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const member = memberOf(value, name);
  return typeof member === "object" && member !== null && !Array.isArray(member)
    ? (member as Readonly<Record<string, unknown>>)
    : {};
}
