import type { OperationName } from "./operation-names.ts";
import { operations } from "./operations.ts";

export interface Route {
  readonly operation: OperationName;
  /** The members in the path. */
  readonly path: Readonly<Record<string, string>>;
  /** `data`: always JSON; `one-way`: no reply body; `accept`: the client's `Accept` decides. */
  readonly format: "data" | "one-way" | "accept";
}

export type FoundRoute = Route | "no such path" | "no such method";

/** Finds a request's operation. Paths are not case-sensitive; ids in paths keep their case. */
export function findRoute(method: string, path: string): FoundRoute {
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = segments.at(-1) ?? "";
  const hasJsonSuffix = last.toLowerCase().endsWith(".json");
  if (hasJsonSuffix) segments[segments.length - 1] = last.slice(0, -".json".length);
  const found = findOperationRoute(segments);
  if (found !== undefined) return found;
  const matches = paths.filter(({ pattern }) => matchesPattern(pattern, segments));
  const match = matches.find((candidate) => candidate.method === method);
  if (match === undefined) return matches.length === 0 ? "no such path" : "no such method";
  return {
    operation: match.operation,
    path: { ...match.fixed, ...toPathMembers(match.pattern, segments) },
    format: hasJsonSuffix ? "data" : "accept",
  };
}

const operationNames = new Map(
  (Object.keys(operations) as OperationName[]).map((name) => [name.toLowerCase(), name] as const),
);

/** ServiceStack's own routes: `/json/reply/{Operation}`, `/json/oneway/{Operation}` and `/api/{Operation}`, with any method. */
function findOperationRoute(segments: readonly string[]): FoundRoute | undefined {
  const [first, second, third] = segments.map((segment) => segment.toLowerCase());
  const isApi = first === "api" && segments.length === 2;
  const isJson = first === "json" && (second === "reply" || second === "oneway") && segments.length === 3;
  if (!isApi && !isJson) return undefined;
  const operation = operationNames.get((isApi ? second : third) ?? "");
  if (operation === undefined) return "no such path";
  return { operation, path: {}, format: isJson && second === "oneway" ? "one-way" : "data" };
}

interface Path {
  readonly method: string;
  readonly pattern: readonly string[];
  readonly operation: OperationName;
  readonly fixed?: Readonly<Record<string, string>>;
}

const paths: readonly Path[] = [
  toPath("POST /auth/{provider}", "Authenticate"),
  toPath("GET /auth/credentials", "Authenticate"),
  { ...toPath("GET /auth/logout", "Authenticate"), fixed: { provider: "logout" } },
  toPath("POST /auth", "Authenticate"),
  toPath("GET /auth", "Authenticate"),
  toPath("GET /auth/status", "GetUserInfo"),
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
