/**
 * The cookies of a sign-in's reply as later requests send them; undefined without any. All are sent, because `ss-opt` says
 * which of `ss-id` and `ss-pid` counts. The last cookie of a name counts.
 */
export function findCookieHeader(cookies: readonly string[], nowMs: number = Date.now()): string | undefined {
  const values = new Map<string, string>();
  for (const cookie of cookies) {
    const [[name = "", value = ""] = [], ...attributes] = cookie.split(";").map(toPair);
    if (name === "") continue;
    if (isCleared(value, new Map(attributes), nowMs)) values.delete(name);
    else values.set(name, value);
  }
  if (values.size === 0) return undefined;
  return Array.from(values, ([name, value]) => `${name}=${value}`).join("; ");
}

function toPair(part: string): [name: string, value: string] {
  const at = part.includes("=") ? part.indexOf("=") : part.length;
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

/** A server clears a cookie with no value, with the word `deleted`, or with a time that is over. */
function isCleared(value: string, attributes: ReadonlyMap<string, string>, nowMs: number): boolean {
  if (value === "" || value === "deleted") return true;
  const find = (wanted: string) => [...attributes].find(([name]) => name.toLowerCase() === wanted)?.[1];
  const maxAge = find("max-age");
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  return Date.parse(find("expires") ?? "") <= nowMs;
}
