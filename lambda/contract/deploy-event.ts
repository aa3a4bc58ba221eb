import { createHash } from "node:crypto";
import * as z from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { didYouMean, findClosest } from "./find-closest.ts";
import { EventLimits } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { PlanHash } from "./plan-hash.ts";
import { type Contradiction, findProblems, type Problem, refineWith, strictObject } from "./problems.ts";
import { RefusedError } from "./refused-error.ts";
import { ReleaseName } from "./release-name.ts";
import { RolloutId } from "./rollout-id.ts";
import { Strategy } from "./strategy.ts";
import { Exclusions, Targets } from "./target.ts";
import { oneLineText } from "./text-matching.ts";

const FLIPS = ["stage", "promote"] as const;
const ACTIONS = [...FLIPS, "rollback", "retry"] as const;
const NOT_AFTER = 'expected a time with seconds and a time zone, such as "2026-11-23T02:00:00Z"';
const FREEZE = 'expected "refuse" or "wait" (for the end of the freeze, until notAfter)';
const BUSY = 'expected "refuse" or "wait" (for the lock, until notAfter)';

const dryRun = z.boolean({ error: "expected true or false" }).default(false);
const plan = PlanHash.optional().describe(
  "the hash of a dry run's plan, or its first 12 or more characters: the rollout is refused when its plan is different",
);

/** What happens when a gate fails. */
export const OnFailure = z.enum(["rollback", "halt"], {
  error:
    'expected "rollback" (restore what the rollout flipped) or "halt" (leave every customer as it is, ask a person)',
});
export type OnFailure = z.output<typeof OnFailure>;

/** The members of every event. */
const common = {
  notAfter: z.iso
    .datetime({ offset: true, error: NOT_AFTER })
    .optional()
    .describe("the event is refused when its rollout would begin later"),
  onBusy: z
    .enum(["refuse", "wait"], { error: BUSY })
    .optional()
    .describe(
      "what happens while another rollout runs: the event is refused (`refuse`, the default), or it waits for the end of the other rollout (`wait`), at most until `notAfter`",
    ),
  limits: EventLimits.optional().describe("limits that are narrower than the policy's; wider limits are refused"),
  requestedBy: oneLineText("the sender's name, as the sender gives it; the report shows it as a claim", 128).optional(),
  reason: oneLineText("the reason; the report shows it", 500).optional(),
  id: z
    .string({ error: "expected a text" })
    .regex(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
    .optional()
    .describe(
      "an event with the same id is the same rollout, for ever, so an event that is sent twice flips no customer twice; only a refused rollout has not used up its id",
    ),
};

/** The members of events that flip in waves. */
const inWaves = {
  strategy: Strategy.optional().describe(
    "the waves in which customers are flipped: a strategy's name, or the waves; the default is the policy's `strategy`",
  ),
  onFailure: OnFailure.optional().describe(
    "what happens when a gate fails: `rollback` restores what the rollout flipped, `halt` leaves every customer as it is and asks a person; the default is the policy's `onFailure`",
  ),
  onFreeze: z
    .enum(["refuse", "wait"], { error: FREEZE })
    .optional()
    .describe(
      "what happens while a freeze applies: the event is refused (`refuse`, the default), or it waits for the end of the freeze (`wait`), at most until `notAfter`",
    ),
  override: strictObject({
    reason: oneLineText(
      "the reason to begin although an alarm is in `ALARM` or a freeze applies; the report shows it",
      500,
    ),
  })
    .optional()
    .describe(
      "the rollout begins although an alarm is in `ALARM`, and no freeze holds it, so that a fix can go out; the report names the alarm and the reason",
    ),
};

/** Flips customers. Unknown members are refused, because a typing error in `exclude` must not flip a customer. */
export const FlipEvent = strictObject({
  action: z
    .enum(FLIPS, { error: ({ input }) => expectAction(input) })
    .describe(
      "`stage` moves customers to the staging servers (flag true), `promote` to the production servers (flag false)",
    ),
  release: ReleaseName.describe("the release's name; it and the customers' ids decide the order of the customers"),
  targets: Targets.describe("the customers to flip: one target, or a list of targets"),
  exclude: Exclusions.optional().describe("customers that are never flipped, even when `targets` selects them"),
  dryRun: dryRun.describe("true: the rollout only looks up, plans and reports the plan"),
  plan,
  ...inWaves,
  ...common,
})
  .superRefine(...refineWith(findEndlessWait))
  .meta({ id: "flipEvent", title: "Stage or promote" });
export type FlipEvent = z.output<typeof FlipEvent>;

/** Restores exactly the customers that a rollout flipped. */
export const RollbackEvent = strictObject({
  action: z
    .literal("rollback", { error: ({ input }) => expectAction(input) })
    .describe("restores exactly the customers that a rollout flipped, the newest wave first"),
  rolloutId: RolloutId.optional().describe("the source rollout; give either `rolloutId` or `release`"),
  release: ReleaseName.optional().describe(
    "the release whose last rollout is rolled back; give either `rolloutId` or `release`",
  ),
  dryRun: dryRun.describe("true: the rollout only reports what it would restore"),
  ...common,
})
  .superRefine(...refineWith(findEndlessWait))
  .superRefine(...refineWith(findUnclearSource))
  .meta({ id: "rollbackEvent", title: "Roll back", oneOf: [{ required: ["rolloutId"] }, { required: ["release"] }] });
export type RollbackEvent = z.output<typeof RollbackEvent>;

/** Flips the customers of a rollout that failed or were not attempted. */
export const RetryEvent = strictObject({
  action: z
    .literal("retry", { error: ({ input }) => expectAction(input) })
    .describe("flips exactly the customers of a rollout that failed or were not attempted"),
  rolloutId: RolloutId.describe("the source rollout"),
  exclude: Exclusions.optional().describe(
    "customers that are not flipped, in addition to the `exclude` of the rollout's event",
  ),
  dryRun: dryRun.describe("true: the rollout only reports what it would flip"),
  plan,
  ...inWaves,
  ...common,
})
  .superRefine(...refineWith(findEndlessWait))
  .meta({ id: "retryEvent", title: "Retry" });
export type RetryEvent = z.output<typeof RetryEvent>;

/** What starts a rollout. */
export const DeployEvent = z.discriminatedUnion("action", [FlipEvent, RollbackEvent, RetryEvent]);
export type DeployEvent = z.output<typeof DeployEvent>;

/** The event is refused; the message lists every problem. Nothing was requested or written. */
export class BadDeployEventError extends RefusedError {
  override readonly name = "BadDeployEventError";
  constructor(problems: readonly Problem[]) {
    super("the deploy event was refused, nothing was done", { problems });
  }
}

/** The event, or its problems. */
export type ReadEvent =
  | { readonly event: DeployEvent; readonly problems: readonly [] }
  | { readonly event: undefined; readonly problems: readonly Problem[] };

const SCHEMAS = { stage: FlipEvent, promote: FlipEvent, rollback: RollbackEvent, retry: RetryEvent };

/** Parses a deploy event without a policy. */
export function readDeployEvent(input: unknown): ReadEvent {
  const action = memberOf(input, "action");
  const meant = typeof action === "string" ? findClosest(action, ACTIONS) : undefined;
  const parsed = SCHEMAS[(meant as keyof typeof SCHEMAS | undefined) ?? "promote"].safeParse(input);
  if (parsed.success) return { event: parsed.data, problems: [] };
  return { event: undefined, problems: findProblems(parsed.error, input) };
}

/** Equal for two events that do the same work. The sender, the reason, the deadline and the order in lists do not count. */
export function fingerprintOf(event: DeployEvent): string {
  const { id: _id, requestedBy: _by, reason: _reason, ...timed } = { onFreeze: undefined, ...event };
  const { notAfter: _notAfter, onBusy: _onBusy, onFreeze: _onFreeze, ...work } = timed;
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
    'expected "stage" (to the staging servers), "promote" (to the production servers), "rollback" (restore what a rollout flipped) or "retry" (flip what failed or was not attempted)';
  return typeof input === "string" ? expected + didYouMean(input, ACTIONS) : expected;
}

/** The members of an event that let it wait. */
interface Waits {
  readonly onBusy?: unknown;
  readonly onFreeze?: unknown;
}

function findEndlessWait(event: Waits & { readonly notAfter?: unknown }): readonly Contradiction[] {
  if (event.notAfter !== undefined) return [];
  return findWaits(event, 'expected a notAfter with "wait", because an event does not wait for ever');
}

export function findWaits(event: Waits, expected: string): readonly Contradiction[] {
  const names = ["onBusy", "onFreeze"] as const;
  return names.filter((name) => event[name] === "wait").map((name) => ({ path: [name], expected }));
}

function findUnclearSource(event: {
  readonly rolloutId?: unknown;
  readonly release?: unknown;
}): readonly Contradiction[] {
  const named = [event.rolloutId, event.release].filter((member) => member !== undefined);
  if (named.length === 1) return [];
  return named.length === 0
    ? [
        {
          path: ["rolloutId"],
          expected: "expected the id of the source rollout, or a release, whose last rollout is rolled back",
        },
      ]
    : [{ path: ["rolloutId"], expected: "expected either the source rollout or a release, not both" }];
}
