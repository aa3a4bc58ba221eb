import { createHash } from "node:crypto";
import * as z from "zod";
import { findClosest } from "./find-closest.ts";
import { Limits } from "./limits.ts";
import { countProblems, findProblems, formatProblems, type Problem, strictObject } from "./problems.ts";
import { RefusedError } from "./refused-error.ts";
import { Targets } from "./target.ts";

const ACTIONS = ["stage", "promote"] as const;
/** Known to the design, not to this version. */
const LATER_ACTIONS = ["rollback", "retry", "reconcile"];
const NOT_AFTER = 'expected a time of the calendar with seconds and its zone, such as "2026-11-23T02:00:00Z"';

/** What starts a rollout. Unknown members are refused: a typing error in `exclude` must never flip somebody. */
export const DeployEvent = strictObject({
  action: z
    .enum(ACTIONS, { error: ({ input }) => expectAction(input) })
    .describe(
      "`stage` moves customers to the staging servers (flag true), `promote` to the production servers (flag false)",
    ),
  release: z
    .string({ error: "expected the release's name" })
    .regex(/^[\w.+/@:-]{1,128}$/, "expected 1 to 128 letters, digits and . _ + - / @ :")
    .refine(hasNoCredentials, "expected a name without a user name and password in it")
    .describe("the release's name; with the customer's id it decides the order in which customers are flipped"),
  targets: Targets.describe("who is to be flipped: one target, or a list of which any may select a customer"),
  exclude: Targets.optional().describe("who is never flipped by this event, whatever `targets` says"),
  dryRun: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe("true: look up and plan, flip nobody, report the plan"),
  notAfter: z.iso
    .datetime({ offset: true, error: NOT_AFTER })
    .optional()
    .describe("the event is refused when it begins later than this"),
  limits: Limits.optional().describe("narrower limits than the policy's; wider ones are refused"),
  requestedBy: line("who asked for it; stands in the report", 128).optional(),
  reason: line("why; stands in the report", 500).optional(),
  id: z
    .string({ error: "expected a text" })
    .regex(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
    .optional()
    .describe("the same id is the same rollout, for ever: sending an event twice flips nobody twice"),
});
export type DeployEvent = z.output<typeof DeployEvent>;

/** Thrown for an event that cannot be accepted; lists every problem. Nothing was requested or written. */
export class BadDeployEventError extends RefusedError {
  override readonly name = "BadDeployEventError";
  constructor(problems: readonly Problem[]) {
    super(`the deploy event was refused, nothing was done; ${countProblems(problems)}:\n${formatProblems(problems)}`);
  }
}

/** An event as far as it could be understood: without problems, it is there. */
export type ReadEvent =
  | { readonly event: DeployEvent; readonly problems: readonly [] }
  | { readonly event: undefined; readonly problems: readonly Problem[] };

/** Understands what arrived as a deploy event, whatever a policy says of it. */
export function readDeployEvent(input: unknown): ReadEvent {
  const parsed = DeployEvent.safeParse(input);
  if (parsed.success) return { event: parsed.data, problems: [] };
  return { event: undefined, problems: findProblems(parsed.error, input) };
}

/** Two events are equal when they would do the same; who asked, why and until when does not count, nor does order. */
export function fingerprintOf(event: DeployEvent): string {
  const { id: _id, requestedBy: _who, reason: _why, notAfter: _until, ...work } = event;
  return createHash("sha256").update(canonicalJson(work)).digest("hex").slice(0, 32);
}

/** The flag that the action wants. */
export function wantedFlag(action: DeployEvent["action"]): boolean {
  return action === "stage";
}

function expectAction(input: unknown): string {
  const expected = 'expected "stage" (to the staging servers) or "promote" (to the production servers)';
  if (typeof input !== "string") return expected;
  if (LATER_ACTIONS.includes(input)) return `${expected}; this version does not have ${input}`;
  const meant = findClosest(input, ACTIONS);
  return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
}

function line(what: string, most: number) {
  return z
    .string({ error: "expected a text" })
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, "expected one line without control characters")
    .refine(hasNoCredentials, "expected a text without a user name and password in an address")
    .min(1, "expected a text that is not empty")
    .max(most, `expected at most ${most} characters`)
    .describe(what);
}

/** The report and the ledger repeat these texts. */
function hasNoCredentials(text: string): boolean {
  return !/\/\/[^/\s@]{1,600}:[^\s@]{1,600}@/.test(text.slice(0, 1_000));
}

/** The same text for the same work: members by name, lists as the sets that they are. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(canonicalJson))].sort().join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(",")}}`;
}
