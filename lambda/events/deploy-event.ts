import { createHash } from "node:crypto";
import * as z from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { findClosest } from "./find-closest.ts";
import { Limits } from "./limits.ts";
import { line } from "./line.ts";
import { memberOf } from "./member-of.ts";
import { OnFailure } from "./on-failure.ts";
import { countProblems, findProblems, formatProblems, type Problem, strictObject } from "./problems.ts";
import { RefusedError } from "./refused-error.ts";
import { ReleaseName } from "./release-name.ts";
import { RolloutId } from "./rollout-id.ts";
import { Strategy } from "./strategy.ts";
import { Targets } from "./target.ts";

const FLIPS = ["stage", "promote"] as const;
const ACTIONS = [...FLIPS, "rollback", "retry"] as const;
/** Known to the design, not to this version. */
const LATER_ACTIONS = ["reconcile"];
const NOT_AFTER = 'expected a time of the calendar with seconds and its zone, such as "2026-11-23T02:00:00Z"';
const PLAN = "expected the hash of a dry run's plan: 64 digits and letters from a to f";
const BUSY = 'expected "refuse" or "wait" (for the lock, until notAfter)';

const dryRun = z.boolean({ error: "expected true or false" }).default(false);
const plan = z
  .string({ error: PLAN })
  .regex(/^[\da-f]{64}$/, PLAN)
  .optional()
  .describe("the hash of a dry run's plan: the rollout is refused when it would not do the same any more");

/** What every event has, whatever its action. */
const common = {
  notAfter: z.iso
    .datetime({ offset: true, error: NOT_AFTER })
    .optional()
    .describe("the event is refused when it begins later than this"),
  onBusy: z
    .enum(["refuse", "wait"], { error: BUSY })
    .optional()
    .describe(
      "what the event does while another rollout runs: `refuse`, as without it, or `wait` for its end, until `notAfter`",
    ),
  limits: Limits.optional().describe("narrower limits than the policy's; wider ones are refused"),
  requestedBy: line("who asked for it; stands in the report", 128).optional(),
  reason: line("why; stands in the report", 500).optional(),
  id: z
    .string({ error: "expected a text" })
    .regex(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
    .optional()
    .describe("the same id is the same rollout, for ever: sending an event twice flips nobody twice"),
};

/** What an event has that flips in waves. */
const inWaves = {
  strategy: Strategy.optional().describe(
    "in which waves customers are flipped: a name, or the waves; the policy's `strategy` when left out",
  ),
  onFailure: OnFailure.optional().describe(
    "what a gate does that does not pass: `rollback` flips back what the rollout flipped, `halt` leaves all as it is and asks a person; the policy's when left out",
  ),
  override: strictObject({
    reason: line("why the rollout begins all the same; stands in the report", 500),
  })
    .optional()
    .describe(
      "begins although an alarm is in `ALARM` already, so that a fix can go out; the report names it, and the reason",
    ),
};

/** Flips customers. Unknown members are refused: a typing error in `exclude` must never flip somebody. */
export const FlipEvent = strictObject({
  action: z
    .enum(FLIPS, { error: ({ input }) => expectAction(input) })
    .describe(
      "`stage` moves customers to the staging servers (flag true), `promote` to the production servers (flag false)",
    ),
  release: ReleaseName.describe(
    "the release's name; with the customer's id it decides the order in which customers are flipped",
  ),
  targets: Targets.describe("who is to be flipped: one target, or a list of which any may select a customer"),
  exclude: Targets.optional().describe("who is never flipped by this event, whatever `targets` says"),
  dryRun: dryRun.describe("true: look up and plan, flip nobody, report the plan"),
  plan,
  ...inWaves,
  ...common,
})
  .superRefine(checkBusy, { when: isObject })
  .meta({ id: "flipEvent", title: "Stage or promote" });
export type FlipEvent = z.output<typeof FlipEvent>;

/** Undoes a rollout: what it flipped, and nothing else. */
export const RollbackEvent = strictObject({
  action: z
    .literal("rollback", { error: ({ input }) => expectAction(input) })
    .describe("flips back exactly what a rollout flipped, the newest wave first"),
  rolloutId: RolloutId.optional().describe("the rollout to undo; either this or `release`"),
  release: ReleaseName.optional().describe("undo the last rollout of this release; either this or `rolloutId`"),
  dryRun: dryRun.describe("true: say what would be flipped back, flip nobody"),
  ...common,
})
  .superRefine(checkBusy, { when: isObject })
  .superRefine(checkUndone, { when: isObject })
  .meta({ id: "rollbackEvent", title: "Roll back", oneOf: [{ required: ["rolloutId"] }, { required: ["release"] }] });
export type RollbackEvent = z.output<typeof RollbackEvent>;

/** Tries again what a rollout did not do: who failed, and who was not attempted. */
export const RetryEvent = strictObject({
  action: z
    .literal("retry", { error: ({ input }) => expectAction(input) })
    .describe("takes what failed of a rollout and what was not attempted, nothing else"),
  rolloutId: RolloutId.describe("the rollout of which the rest is done"),
  exclude: Targets.optional().describe("who is not flipped either, besides whom that rollout's event excludes"),
  dryRun: dryRun.describe("true: say what would be flipped, flip nobody"),
  plan,
  ...inWaves,
  ...common,
})
  .superRefine(checkBusy, { when: isObject })
  .meta({ id: "retryEvent", title: "Retry" });
export type RetryEvent = z.output<typeof RetryEvent>;

/** What starts a rollout. */
export const DeployEvent = z.discriminatedUnion("action", [FlipEvent, RollbackEvent, RetryEvent]);
export type DeployEvent = z.output<typeof DeployEvent>;

/** Thrown for an event that cannot be accepted; lists every problem. Nothing was requested or written. */
export class BadDeployEventError extends RefusedError {
  override readonly name = "BadDeployEventError";
  constructor(problems: readonly Problem[]) {
    super(
      `the deploy event was refused, nothing was done; ${countProblems(problems)}:\n${formatProblems(problems)}`,
      problems,
    );
  }
}

/** An event as far as it could be understood: without problems, it is there. */
export type ReadEvent =
  | { readonly event: DeployEvent; readonly problems: readonly [] }
  | { readonly event: undefined; readonly problems: readonly Problem[] };

const SCHEMAS = { stage: FlipEvent, promote: FlipEvent, rollback: RollbackEvent, retry: RetryEvent };

/** Understands what arrived as a deploy event, whatever a policy says of it. */
export function readDeployEvent(input: unknown): ReadEvent {
  const action = memberOf(input, "action");
  const meant = typeof action === "string" ? findClosest(action, ACTIONS) : undefined;
  const parsed = SCHEMAS[(meant as keyof typeof SCHEMAS | undefined) ?? "promote"].safeParse(input);
  if (parsed.success) return { event: parsed.data, problems: [] };
  return { event: undefined, problems: findProblems(parsed.error, input) };
}

/** Two events are equal when they would do the same; who asked, why and until when does not count, nor does order. */
export function fingerprintOf(event: DeployEvent): string {
  const { id: _id, requestedBy: _who, reason: _why, notAfter: _until, onBusy: _whenBusy, ...work } = event;
  const overrides = "override" in work && work.override !== undefined && { override: true };
  return createHash("sha256")
    .update(canonicalJson({ ...work, ...overrides }))
    .digest("hex")
    .slice(0, 32);
}

/** The flag that the action wants. */
export function wantedFlag(action: FlipEvent["action"]): boolean {
  return action === "stage";
}

function expectAction(input: unknown): string {
  const expected =
    'expected "stage" (to the staging servers), "promote" (to the production servers), "rollback" (undo a rollout) or "retry" (what is left of one)';
  if (typeof input !== "string") return expected;
  if (LATER_ACTIONS.includes(input)) return `${expected}; this version does not have ${input}`;
  const meant = findClosest(input, ACTIONS);
  return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
}

/** Looks at the members by themselves, so that it is said beside whatever else is wrong. */
function isObject({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

function checkBusy(event: object, { addIssue }: z.core.$RefinementCtx): void {
  if (memberOf(event, "onBusy") !== "wait" || memberOf(event, "notAfter") !== undefined) return;
  const message = 'expected a notAfter beside "wait": nobody waits for ever';
  addIssue({ code: "custom", path: ["onBusy"], message, input: event });
}

function checkUndone(event: object, { addIssue }: z.core.$RefinementCtx): void {
  const named = ["rolloutId", "release"].filter((member) => memberOf(event, member) !== undefined);
  if (named.length === 1) return;
  const [path, message] =
    named.length === 0
      ? ["rolloutId", "expected the id of the rollout to undo, or a release, of which the last rollout is undone"]
      : ["release", "expected none beside a rolloutId: one of the two says what is undone"];
  addIssue({ code: "custom", path: [path], message, input: event });
}
