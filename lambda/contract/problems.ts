import * as z from "zod";
import { describeValue, listShortly } from "./describe.ts";
import { didYouMean } from "./find-closest.ts";
import { valueAt } from "./member-of.ts";

/** A problem of an input; the message has the received and the expected value. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** A value that another value forbids. */
export interface Contradiction {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  /** @default the value at the path */
  readonly got?: string | undefined;
}

type Issue = z.core.$ZodIssue;

/** The most problems whose paths differ only by an index, and the most lines in all. */
const MOST_ALIKE = 20;
const MOST_LINES = 100;

/** Every problem of a failed parse, once; in a union, the problems of the alternative that fits best. */
export function findProblems(error: z.ZodError, input: unknown): readonly Problem[] {
  const problems = error.issues.flatMap((issue) => toProblems(issue, input, []));
  return [...new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem])).values()];
}

export function toProblem(input: unknown, { path, expected, got }: Contradiction): Problem {
  return { path: toPath(path), message: `got ${got ?? describeAt(input, path)}; ${expected}` };
}

/**
 * The arguments of a `superRefine` between the members of a value. It also runs when members are malformed, so that its
 * problems are reported beside all others; `malformed` has the names of those members.
 */
export function refineWith<Value>(
  find: (value: Value, malformed: ReadonlySet<PropertyKey>) => readonly Contradiction[],
): Parameters<z.ZodType<Value>["superRefine"]> {
  return [
    (value, { issues, addIssue }) => {
      const malformed = new Set(issues.flatMap(({ path = [] }) => path.slice(0, 1)));
      for (const { path, expected: message, got } of find(value as Value, malformed)) {
        addIssue({ code: "custom", path: [...path], message, params: { got }, input: value });
      }
    },
    { when: ({ value }) => typeof value === "object" && value !== null },
  ];
}

/** One indented line a problem, at most 100 lines. */
export function formatProblems(problems: readonly Problem[]): string {
  const alike = new Map<string, number>();
  const shown = problems.filter((problem) => {
    const kind = problem.path.replaceAll(/\[\d+\]/g, "[]");
    const before = alike.get(kind) ?? 0;
    alike.set(kind, before + 1);
    return before < MOST_ALIKE;
  });
  const lines = shown
    .slice(0, MOST_LINES)
    .map(({ path, message }) => `  - ${path === "" ? "(whole)" : path}: ${message}`);
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`  - and ${more} more`] : [])].join("\n");
}

/** `1 problem`, `12 problems`. */
export function countProblems({ length }: readonly Problem[]): string {
  return length === 1 ? "1 problem" : `${length} problems`;
}

/** A strict object. When it refuses an unknown member, it names the known members; the issue has them as data too. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return `expected an object with the members ${known.join(", ")}`;
      issue.known = known;
      return `expected only the members ${known.join(", ")}`;
    },
  });
}

/** Describes the value at a path. A text in place of the whole input is not repeated, because it may be a secret. */
export function describeAt(input: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(input, path);
  return path.length === 0 && typeof value === "string" ? `a text of ${value.length} characters` : describeValue(value);
}

/** A path as in code: `targets[2].tags`, `cohorts["two words"]`. */
export function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => {
      if (typeof key === "number") return `[${key}]`;
      const name = listShortly([String(key)]);
      if (!/^[\w$-]+…?$/.test(name)) return `["${name}"]`;
      return index > 0 ? `.${name}` : name;
    })
    .join("");
}

function toProblems(issue: Issue, input: unknown, base: readonly PropertyKey[]): readonly Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const { message, known = [] } = issue as typeof issue & { readonly known?: readonly string[] };
    return issue.keys.map((key) => ({
      path: toPath([...path, key]),
      message: `got an unknown member; ${message}${didYouMean(key, known)}`,
    }));
  }
  if (issue.code === "invalid_key") {
    const [inner] = issue.issues;
    const expected = (inner ?? issue).message;
    return [{ path: toPath(path), message: `got this name; ${expected}` }];
  }
  const meant = issue.code === "invalid_union" ? chooseMeant(issue.errors) : undefined;
  if (meant !== undefined) return meant.flatMap((inner) => toProblems(inner, input, path));
  const got = issue.code === "custom" ? (issue.params?.got as string | undefined) : undefined;
  return [toProblem(input, { path, expected: issue.message, got })];
}

/** The alternative with the right type and the fewest unknown members, if it is the only one. */
function chooseMeant(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fits = alternatives
    .filter((issues) => !issues.some((issue) => issue.path.length === 0 && isOtherKind(issue)))
    .map((issues) => ({ issues, unknown: countUnknown(issues) }))
    .sort((a, b) => a.unknown - b.unknown);
  return fits[0] !== undefined && fits[0].unknown !== fits[1]?.unknown ? fits[0].issues : undefined;
}

function isOtherKind(issue: Issue): boolean {
  return issue.code === "invalid_union" ? chooseMeant(issue.errors) === undefined : issue.code === "invalid_type";
}

function countUnknown(issues: readonly Issue[]): number {
  return issues.flatMap((issue) => (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : []))
    .length;
}
