import { type Problem, toPath } from "./problems.ts";

/** An open object or list. */
interface Open {
  /** The members of the object so far; undefined for a list. */
  readonly members: Set<string> | undefined;
  /** The current member or index. */
  at: PropertyKey;
}

const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const TOKEN = new RegExp(`(${TEXT})(?=\\s*:)|${TEXT}|[{}[\\],]`, "g");
const TWICE = "got this member twice; expected it once, because JSON.parse ignores all but the last";

/** Finds members that occur twice in one object of a valid JSON text: `JSON.parse` silently keeps the last. */
export function findRepeatedMembers(json: string): readonly Problem[] {
  const problems: Problem[] = [];
  const stack: Open[] = [];
  for (const [token, member] of json.matchAll(TOKEN)) {
    if (member === undefined) follow(stack, token);
    else if (isRepeated(stack.at(-1), JSON.parse(member) as string)) {
      problems.push({ path: toPath(stack.map(({ at }) => at)), message: TWICE });
    }
  }
  return problems;
}

function follow(stack: Open[], token: string): void {
  const open = stack.at(-1);
  if (token === "{") stack.push({ members: new Set(), at: "" });
  else if (token === "[") stack.push({ members: undefined, at: 0 });
  else if (token === "}" || token === "]") stack.pop();
  else if (token === "," && typeof open?.at === "number") open.at += 1;
}

function isRepeated(open: Open | undefined, member: string): boolean {
  if (open?.members === undefined) return false;
  open.at = member;
  if (open.members.has(member)) return true;
  open.members.add(member);
  return false;
}
