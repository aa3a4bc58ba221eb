import * as z from "zod";
import { strictObject } from "../../contract/problems.ts";
import { ReleaseName } from "../../contract/release-name.ts";
import { RolloutId } from "../../contract/rollout-id.ts";
import type { OutcomeKind } from "../flip/outcome.ts";
import type { Explained } from "../reasons.ts";
import type { Report } from "./report.ts";
import type { RolloutStatus } from "./rollout-status.ts";
import { shortenText } from "./text-layout.ts";

/** The source and the detail type of the EventBridge events. Neither ever starts a rollout. */
export const EVENT_SOURCE = "evovoice.cutover";
export const EVENT_DETAIL_TYPE = "Cutover Rollout Changed";

/** Bounds of an event: an entry of EventBridge has at most 256 KB. */
const MOST_REASONS = 20;
const MOST_CHARACTERS = 1_000;

/** How a rollout ends. */
export const END_STATUSES = [
  "succeeded",
  "partial",
  "rolled-back",
  "halted",
  "aborted",
  "failed",
  "refused",
  "planned",
] as const satisfies readonly RolloutStatus[];
export type EndStatus = (typeof END_STATUSES)[number];

const count = (what: string) => z.number().int().min(0).describe(what);

const head = {
  rolloutId: RolloutId.describe("the rollout, as the answer to its deploy event named it"),
  action: z.enum(["stage", "promote", "rollback", "retry"]).describe("the action of its deploy event"),
  release: ReleaseName.optional().describe(
    "the release; absent only when a rollback or a retry is refused because its rollout is not known",
  ),
  at: z.iso.datetime().describe("when, in UTC"),
};

const Counts = strictObject({
  flipped: count("flipped by this rollout"),
  unchanged: count("had the wanted flag already"),
  deferred: count("postponed"),
  skipped: count("not flipped, because of a rule or because the rollout ended first"),
  failed: count("could not be flipped"),
} satisfies Record<OutcomeKind, unknown>).describe("customers by their outcome so far");

const RollbackCounts = strictObject({
  restored: count("have the flag again that they had before"),
  conflicting: count(
    "not restored, because a person or a later rollout changed them since, because they are protected now, or because they no longer exist",
  ),
  failed: count("could not be restored"),
}).describe("the customers that the rollout had flipped, by the result of the rollback");

const hold = {
  held: z
    .boolean()
    .optional()
    .describe("whether the release is held now; absent when there was no rollback, and no approval was refused"),
  notHeld: z
    .string()
    .max(MOST_CHARACTERS)
    .optional()
    .describe("why the release is not held, and what to do; until it is held, a schedule may start it again"),
};

const Reasons = z
  .array(
    strictObject({
      code: z.string().max(64).describe("a reason code of the runbook, for machines"),
      message: z.string().max(MOST_CHARACTERS).describe("its sentence, for people"),
    }),
  )
  .max(MOST_REASONS)
  .readonly();

const planHash = z
  .string()
  .regex(/^[\da-f]{64}$/)
  .describe("the plan's hash");

/** The rollout will flip or restore customers. */
const Started = strictObject({
  ...head,
  change: z.literal("started").describe("the rollout is about to flip its first customer"),
  plan: strictObject({
    flip: count("customers to flip"),
    unchanged: count("customers that have the wanted flag already"),
    skipped: count("customers that a rule skips"),
    waves: count("waves, including waves without customers"),
    hash: planHash,
  })
    .optional()
    .describe("the plan; absent for a `rollback`, which has none"),
  override: strictObject({
    reason: z.string().max(500).describe("the reason that the event gives"),
    alarms: z.array(z.string()).readonly().describe("the alarms that were in `ALARM` before the first flip"),
    freezes: z.array(z.string()).readonly().describe("the freezes that applied before the first flip"),
  })
    .optional()
    .describe("only when the event has an `override`"),
}).meta({ title: "Started" });

const WaveDone = strictObject({
  ...head,
  change: z.literal("wave done").describe("every customer of a wave has an outcome and is verified; its bake begins"),
  wave: count("the wave, from 1"),
  waves: count("how many waves there are"),
  counts: Counts,
}).meta({ title: "Wave done" });

const GateDecided = strictObject({
  ...head,
  change: z.literal("gate decided").describe("a gate has decided how the rollout continues"),
  wave: count(
    "the wave before the gate, from 1; a rollout that is refused before its first flip has the change `ended` only",
  ),
  decision: z.enum(["proceed", "roll back", "halt"]).describe("how the rollout continues"),
  reasons: Reasons.describe("why"),
}).meta({ title: "Gate decided" });

const ApprovalAsked = strictObject({
  ...head,
  change: z
    .literal("approval asked")
    .describe("the rollout waits for `approve` or `reject` before it flips the first customer of a wave"),
  wave: count("the wave that waits, from 1"),
  waves: count("how many waves there are"),
  customers: count("how many customers the wave flips"),
  plan: planHash,
  until: z.iso.datetime().describe("until when it waits, in UTC; no answer in time is a no"),
}).meta({ title: "Approval asked" });

const Approved = strictObject({
  ...head,
  change: z
    .literal("approved")
    .describe("a wave was approved; a wave that was not has `gate decided`, or `ended` before the first flip"),
  wave: count("the wave that begins now, from 1"),
  by: z.string().max(128).describe("the sender's name, as the command gives it"),
  reason: z.string().max(500).describe("the reason that the command gives"),
}).meta({ title: "Approved" });

const RolledBack = strictObject({
  ...head,
  change: z
    .literal("rolled back")
    .describe("the rollback has ended: every customer that the rollout flipped has a result"),
  rollback: RollbackCounts,
  ...hold,
}).meta({ title: "Rolled back" });

const Ended = strictObject({
  ...head,
  change: z.literal("ended").describe("the rollout is over"),
  status: z.enum(END_STATUSES).describe("how the rollout ended"),
  counts: Counts,
  rollback: RollbackCounts.optional().describe("the result of the rollback, if there was one"),
  ...hold,
  problems: Reasons.optional().describe("why the rollout stopped or was refused, and what to do"),
}).meta({ title: "Ended" });

/** One change of a rollout's state, as it is published. */
export const RolloutEvent = z.discriminatedUnion("change", [
  Started,
  ApprovalAsked,
  Approved,
  WaveDone,
  GateDecided,
  RolledBack,
  Ended,
]);
export type RolloutEvent = z.output<typeof RolloutEvent>;

/** A change without its head, which says the rollout and the time. */
export type RolloutEventOf = RolloutEvent extends infer Each
  ? Each extends RolloutEvent
    ? Omit<Each, keyof typeof head>
    : never
  : never;

/** Reasons within the bounds of an event; the report has all of them, with their data. */
export function toEventReasons(reasons: readonly Explained[]): z.output<typeof Reasons> {
  return reasons
    .slice(0, MOST_REASONS)
    .map(({ code, message }) => ({ code, message: shortenText(message, MOST_CHARACTERS) }));
}

/** Whether a release is held, within the bounds of an event. */
export function toEventHold({ held, notHeld }: Pick<Report, "held" | "notHeld"> = {}) {
  return { held, notHeld: notHeld === undefined ? undefined : shortenText(notHeld, MOST_CHARACTERS) };
}

/** Whether a rollout with this status has ended. */
export function isEndStatus(status: RolloutStatus): status is EndStatus {
  return END_STATUSES.some((ending) => ending === status);
}
