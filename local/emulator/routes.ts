import type { OperationName } from "./operation-names.ts";

export interface Route {
  readonly operation: OperationName;
  /** The members in the path. */
  readonly path: Readonly<Record<string, string>>;
}

export type FoundRoute = Route | "no such path" | "no such method";

/** Finds a request's operation. Paths are not case-sensitive; ids in paths keep their case. */
export function findRoute(method: string, path: string): FoundRoute {
  const segments = path.split("/").filter((segment) => segment !== "");
  const matches = paths.filter(({ pattern }) => matchesPattern(pattern, segments));
  const match = matches.find((candidate) => candidate.method === method);
  if (match === undefined) return matches.length === 0 ? "no such path" : "no such method";
  return { operation: match.operation, path: toPathMembers(match.pattern, segments) };
}

interface Path {
  readonly method: string;
  readonly pattern: readonly string[];
  readonly operation: OperationName;
}

const paths: readonly Path[] = [
  toPath("POST /auth/{provider}", "Authenticate"),
  toPath("GET /customers", "ListCustomers"),
  toPath("GET /customers/{customerId}", "GetCustomer"),
  toPath("PATCH /customers/{customerId}", "UpdateCustomer"),
  toPath("POST /customers/{customerId}/staging", "SetCustomerStagingMode"),
  toPath("GET /system/settings", "GetSystemSettings"),
];

function toPath(text: string, operation: OperationName): Path {
  const [method = "", path = ""] = text.split(" ");
  return { method, pattern: path.split("/").filter((segment) => segment !== ""), operation };
}

function matchesPattern(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => part.startsWith("{") || part === segments[index]?.toLowerCase())
  );
}

function toPathMembers(pattern: readonly string[], segments: readonly string[]): Record<string, string> {
  const members: Record<string, string> = {};
  pattern.forEach((part, index) => {
    if (part.startsWith("{")) members[part.slice(1, -1)] = decodeSegment(segments[index] ?? "");
  });
  return members;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
