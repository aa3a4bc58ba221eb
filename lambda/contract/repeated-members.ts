import { type Problem, toPath } from "./problems.ts";

/** An object or a list that the reading is in. */
interface Open {
  /** The members of an object so far; undefined for a list. */
  readonly members: Set<string> | undefined;
  /** The member or the index that is being read. */
  at: PropertyKey;
}

const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const TOKEN = new RegExp(`(${TEXT})(?=\\s*:)|${TEXT}|[{}[\\],]`, "g");
const TWICE = "got this member twice; expected it once, because all but the last would be ignored";

/** Finds members that come twice in one object of a valid JSON text: parsers silently keep the last. */
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
