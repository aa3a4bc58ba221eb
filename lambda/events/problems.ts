import { z } from "zod";

/** One thing that is wrong with an input: where, what came and what would be right. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Lists every problem of a failed parse; of a union, those of the alternative that was meant. */
export function findProblems(error: z.ZodError, input: unknown): readonly Problem[] {
  return error.issues.flatMap((issue) => toProblems(issue, input, []));
}

/** One problem a line, indented, ready to stand below a heading. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => `  - ${path === "" ? "(whole)" : path}: ${message}`).join("\n");
}

/** A strict object whose refusal of an unknown member names the known ones. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const members = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `expected only the members ${members}`
        : `expected an object with the members ${members}`,
  });
}

function toProblems(issue: Issue, input: unknown, base: readonly PropertyKey[]): readonly Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: toPath([...path, key]),
      message: `got an unknown member; ${issue.message}`,
    }));
  }
  if (issue.code === "invalid_key") return issue.issues.flatMap((inner) => toProblems(inner, input, path));
  const meant = issue.code === "invalid_union" ? chooseMeant(issue.errors) : undefined;
  if (meant !== undefined) return meant.flatMap((inner) => toProblems(inner, input, path));
  return [{ path: toPath(path), message: `got ${describeValue(valueAt(input, path))}; ${toExpectation(issue)}` }];
}

/** The alternative that was meant: the only one whose members were used and whose type came. */
function chooseMeant(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fits = alternatives.filter((issues) => !issues.some((issue) => issue.path.length === 0 && isOtherKind(issue)));
  return fits.length === 1 ? fits[0] : undefined;
}

function isOtherKind(issue: Issue): boolean {
  if (issue.code === "invalid_union") return chooseMeant(issue.errors) === undefined;
  return issue.code === "unrecognized_keys" || issue.code === "invalid_type";
}

function toExpectation(issue: Issue): string {
  return issue.message.startsWith("expected") ? issue.message : `expected: ${issue.message}`;
}

function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`))
    .join("");
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

/** What came, short enough to read; never a whole object, never the password of an address. */
function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return `an object with ${Object.keys(value).slice(0, 8).join(", ") || "no members"}`;
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@]*@/, "//…@");
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
