import { createHash } from "node:crypto";
import * as z from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { findClosest } from "./find-closest.ts";
import { EventLimits } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { OnFailure } from "./on-failure.ts";
import { oneLineText } from "./one-line-text.ts";
import { countProblems, findProblems, formatProblems, type Problem, strictObject } from "./problems.ts";
import { RefusedError } from "./refused-error.ts";
import { ReleaseName } from "./release-name.ts";
import { RolloutId } from "./rollout-id.ts";
import { Strategy } from "./strategy.ts";
import { Targets } from "./target.ts";

const FLIPS = ["stage", "promote"] as const;
const ACTIONS = [...FLIPS, "rollback", "retry"] as const;
/** The design has these, this version does not. */
const LATER_ACTIONS = ["reconcile"];
const NOT_AFTER = 'expected a time of the calendar with seconds and its zone, such as "2026-11-23T02:00:00Z"';
const PLAN = "expected the hash of a dry run's plan: 64 digits and letters from a to f";
const BUSY = 'expected "refuse" or "wait" (for the lock, until notAfter)';

const dryRun = z.boolean({ error: "expected true or false" }).default(false);
const plan = z
  .string({ error: PLAN })
  .regex(/^[\da-f]{64}$/, PLAN)
  .optional()
  .describe("the hash of a dry run's plan: the rollout is refused when its plan is different");

/** The members that every event has. */
const common = {
  notAfter: z.iso
    .datetime({ offset: true, error: NOT_AFTER })
    .optional()
    .describe("an event that begins later than this is refused"),
  onBusy: z
    .enum(["refuse", "wait"], { error: BUSY })
    .optional()
    .describe(
      "what happens while another rollout runs: `refuse` (as without this member), or `wait` for its end, until `notAfter` at most",
    ),
  limits: EventLimits.optional().describe("narrower limits than the policy's; wider ones are refused"),
  requestedBy: oneLineText("who asked for the rollout; stands in the report", 128).optional(),
  reason: oneLineText("why; stands in the report", 500).optional(),
  id: z
    .string({ error: "expected a text" })
    .regex(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
    .optional()
    .describe("the same id is the same rollout, for ever: an event that is sent twice flips no customer twice"),
};

/** The members of an event that flips in waves. */
const inWaves = {
  strategy: Strategy.optional().describe(
    "the waves in which customers are flipped: a name, or the waves; without it the policy's `strategy`",
  ),
  onFailure: OnFailure.optional().describe(
    "what happens when a gate fails: `rollback` restores what the rollout flipped, `halt` leaves every customer as it is and asks a person; without it the policy's `onFailure`",
  ),
  override: strictObject({
    reason: oneLineText("why the rollout begins in spite of the alarm; stands in the report", 500),
  })
    .optional()
    .describe(
      "begins although an alarm is already in `ALARM`, so that a fix can go out; the report names the alarm and the reason",
    ),
};

/** Flips customers. Unknown members are refused: a typing error in `exclude` must never flip a customer. */
export const FlipEvent = strictObject({
  action: z
    .enum(FLIPS, { error: ({ input }) => expectAction(input) })
    .describe(
      "`stage` moves customers to the staging servers (flag true), `promote` to the production servers (flag false)",
    ),
  release: ReleaseName.describe(
    "the release's name; with the customer's id it decides the order in which customers are flipped",
  ),
  targets: Targets.describe(
    "the customers to be flipped: one target, or a list of targets, any of which may select a customer",
  ),
  exclude: Targets.optional().describe("the customers that this event never flips, even when `targets` selects them"),
  dryRun: dryRun.describe("true: look up and plan, flip no customer, report the plan"),
  plan,
  ...inWaves,
  ...common,
})
  .superRefine(checkBusy, { when: isObject })
  .meta({ id: "flipEvent", title: "Stage or promote" });
export type FlipEvent = z.output<typeof FlipEvent>;

/** Undoes a rollout: restores what it flipped, and nothing else. */
export const RollbackEvent = strictObject({
  action: z
    .literal("rollback", { error: ({ input }) => expectAction(input) })
    .describe("restores exactly the customers that a rollout flipped, the newest wave first"),
  rolloutId: RolloutId.optional().describe("the rollout to undo; give either this or `release`"),
  release: ReleaseName.optional().describe("undoes the last rollout of this release; give either this or `rolloutId`"),
  dryRun: dryRun.describe("true: report what would be restored, flip no customer"),
  ...common,
})
  .superRefine(checkBusy, { when: isObject })
  .superRefine(checkSource, { when: isObject })
  .meta({ id: "rollbackEvent", title: "Roll back", oneOf: [{ required: ["rolloutId"] }, { required: ["release"] }] });
export type RollbackEvent = z.output<typeof RollbackEvent>;

/** Tries again what a rollout did not do: customers that failed, and customers that were not attempted. */
export const RetryEvent = strictObject({
  action: z
    .literal("retry", { error: ({ input }) => expectAction(input) })
    .describe("takes the customers of a rollout that failed or were not attempted, and no others"),
  rolloutId: RolloutId.describe("the rollout to finish"),
  exclude: Targets.optional().describe(
    "more customers that are not flipped, besides those that the rollout's event excludes",
  ),
  dryRun: dryRun.describe("true: report what would be flipped, flip no customer"),
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

/** The event, or the problems why there is none. */
export type ReadEvent =
  | { readonly event: DeployEvent; readonly problems: readonly [] }
  | { readonly event: undefined; readonly problems: readonly Problem[] };

const SCHEMAS = { stage: FlipEvent, promote: FlipEvent, rollback: RollbackEvent, retry: RetryEvent };

/** Parses a deploy event without looking at a policy. */
export function readDeployEvent(input: unknown): ReadEvent {
  const action = memberOf(input, "action");
  const meant = typeof action === "string" ? findClosest(action, ACTIONS) : undefined;
  const parsed = SCHEMAS[(meant as keyof typeof SCHEMAS | undefined) ?? "promote"].safeParse(input);
  if (parsed.success) return { event: parsed.data, problems: [] };
  return { event: undefined, problems: findProblems(parsed.error, input) };
}

/** The same for two events that do the same work. Who asked, why and until when does not count, nor does the order in lists. */
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
    'expected "stage" (to the staging servers), "promote" (to the production servers), "rollback" (undo a rollout) or "retry" (the rest of a rollout)';
  if (typeof input !== "string") return expected;
  if (LATER_ACTIONS.includes(input)) return `${expected}; this version does not have ${input}`;
  const meant = findClosest(input, ACTIONS);
  return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
}

/** Looks at the raw members, so that this problem is listed beside all others. */
function isObject({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

function checkBusy(event: object, { addIssue }: z.core.$RefinementCtx): void {
  if (memberOf(event, "onBusy") !== "wait" || memberOf(event, "notAfter") !== undefined) return;
  const message = 'expected a notAfter beside "wait": an event does not wait for ever';
  addIssue({ code: "custom", path: ["onBusy"], message, input: event });
}

function checkSource(event: object, { addIssue }: z.core.$RefinementCtx): void {
  const named = ["rolloutId", "release"].filter((member) => memberOf(event, member) !== undefined);
  if (named.length === 1) return;
  const [path, message] =
    named.length === 0
      ? ["rolloutId", "expected the id of the rollout to undo, or a release, whose last rollout is undone"]
      : ["release", "expected none beside a rolloutId: one of the two says what is undone"];
  addIssue({ code: "custom", path: [path], message, input: event });
}
