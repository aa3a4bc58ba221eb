import { createHash } from "node:crypto";
import { z } from "zod";
import { Limits } from "./limits.ts";
import { findProblems, formatProblems, type Problem, strictObject } from "./problems.ts";
import { Targets } from "./target.ts";

/** What starts a rollout. Unknown members are refused: a typing error in `exclude` must never flip somebody. */
export const DeployEvent = strictObject({
  action: z
    .enum(["stage", "promote"], {
      error: 'expected "stage" (to the staging servers) or "promote" (to the production servers)',
    })
    .describe(
      "`stage` moves customers to the staging servers (flag true), `promote` to the production servers (flag false)",
    ),
  release: z
    .string({ error: "expected the release's name" })
    .regex(/^[\w.+/@:-]{1,128}$/, "expected 1 to 128 letters, digits and . _ + - / @ :")
    .describe("the release's name; with the customer's id it decides the order in which customers are flipped"),
  targets: Targets.describe("who is to be flipped: one target, or a list of which any may select a customer"),
  exclude: Targets.optional().describe("who is never flipped by this event, whatever `targets` says"),
  dryRun: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe("true: look up and plan, flip nobody, report the plan"),
  notAfter: z.iso
    .datetime({ offset: true, error: 'expected a time with its zone, such as "2026-11-23T02:00:00Z"' })
    .optional()
    .describe("the event is refused when it begins later than this"),
  limits: Limits.optional().describe("narrower limits than the policy's; wider ones are refused"),
  requestedBy: line("who asked for it", 128).optional(),
  reason: line("why", 500).optional(),
  id: z
    .string({ error: "expected a text" })
    .regex(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
    .optional()
    .describe("the same id is the same rollout, for ever: sending an event twice flips nobody twice"),
});
export type DeployEvent = z.output<typeof DeployEvent>;

/** Thrown for an event that cannot be accepted; lists every problem. Nothing was requested or written. */
export class BadDeployEventError extends Error {
  override readonly name = "BadDeployEventError";
  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`the deploy event was refused, nothing was done; ${count}:\n${formatProblems(problems)}`);
  }
}

/** Understands what arrived as a deploy event. @throws BadDeployEventError with all problems at once */
export function parseDeployEvent(input: unknown): DeployEvent {
  const parsed = DeployEvent.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BadDeployEventError(findProblems(parsed.error, input));
}

/** Two events are equal when they would do the same; who asked, why and until when does not count. */
export function fingerprintOf(event: DeployEvent): string {
  const { id: _id, requestedBy: _who, reason: _why, notAfter: _until, ...work } = event;
  return createHash("sha256").update(canonicalJson(work)).digest("hex").slice(0, 32);
}

/** The flag that the action wants. */
export function wantedFlag(action: DeployEvent["action"]): boolean {
  return action === "stage";
}

function line(what: string, most: number) {
  return z
    .string({ error: "expected a text" })
    .regex(/^[^\p{Cc}]*$/u, "expected one line without control characters")
    .min(1, "expected a text that is not empty")
    .max(most, `expected at most ${most} characters`)
    .describe(what);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
