/** An own member of a value of any type. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** An own member that is an object; otherwise an empty object. */
export function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const member = memberOf(value, name);
  return typeof member === "object" && member !== null && !Array.isArray(member)
    ? (member as Readonly<Record<string, unknown>>)
    : {};
}
