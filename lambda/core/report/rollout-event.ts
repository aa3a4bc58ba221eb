import * as z from "zod";
import { strictObject } from "../../contract/problems.ts";
import { ReleaseName } from "../../contract/release-name.ts";
import { RolloutId } from "../../contract/rollout-id.ts";
import type { OutcomeKind } from "../flip/outcome.ts";
import type { RolloutStatus } from "./rollout-status.ts";

/** How an event of EventBridge names its sender and its kind. Neither ever starts a rollout. */
export const EVENT_SOURCE = "evovoice.cutover";
export const EVENT_DETAIL_TYPE = "Cutover Rollout Changed";

/** Bounds of what is told: an entry of EventBridge has at most 256 KB, and a phone less patience. */
export const MOST_REASONS = 20;
export const MOST_REASON_CHARACTERS = 500;
export const MOST_PROBLEM_CHARACTERS = 4_000;

/** How a rollout ends. */
export const ENDINGS = [
  "succeeded",
  "partial",
  "rolled-back",
  "halted",
  "aborted",
  "failed",
  "refused",
  "planned",
] as const satisfies readonly RolloutStatus[];
export type Ending = (typeof ENDINGS)[number];

const count = (what: string) => z.number().int().min(0).describe(what);

const head = {
  rolloutId: RolloutId.describe("the rollout, as the answer to its deploy event named it"),
  action: z.enum(["stage", "promote", "rollback", "retry"]).describe("the action of its deploy event"),
  release: ReleaseName.optional().describe(
    "the release; absent only when a rollback or a retry is refused because its rollout is not known",
  ),
  at: z.iso.datetime().describe("when, in UTC"),
};

const WHAT_OUTCOMES = {
  flipped: "moved by this rollout",
  unchanged: "right already",
  deferred: "put off",
  skipped: "left alone, by a rule or because the rollout did not come to them",
  failed: "could not be moved",
};

const Counts = strictObject({
  flipped: count(WHAT_OUTCOMES.flipped),
  unchanged: count(WHAT_OUTCOMES.unchanged),
  deferred: count(WHAT_OUTCOMES.deferred),
  skipped: count(WHAT_OUTCOMES.skipped),
  failed: count(WHAT_OUTCOMES.failed),
} satisfies Record<OutcomeKind, unknown>).describe("customers by their outcome so far");

const RollbackCounts = strictObject({
  restored: count("moved back to where they were"),
  conflicting: count("changed by somebody else or by a later rollout since, protected since, or gone"),
  left: count("could not be moved back"),
}).describe("what became of those whom the rollout had flipped");

const hold = {
  held: z.boolean().optional().describe("whether the release is held now; absent when nothing was to be turned back"),
  notHeld: z
    .string()
    .max(MOST_REASON_CHARACTERS)
    .optional()
    .describe("why the release is not held, and what to do; as long as it is not, a schedule may bring it out again"),
};

const Reasons = z
  .array(z.string().max(MOST_REASON_CHARACTERS))
  .max(MOST_REASONS)
  .readonly()
  .describe("why; beyond the most that is told, the last one says how many more there are");

/** The rollout will flip, or turn back. */
const Started = strictObject({
  ...head,
  change: z.literal("started").describe("it is about to flip its first customer"),
  plan: strictObject({
    flip: count("customers to flip"),
    unchanged: count("customers that are right already"),
    skipped: count("customers that rules keep back"),
    waves: count("waves, those without customers too"),
    hash: z
      .string()
      .regex(/^[\da-f]{64}$/)
      .describe("the plan's hash"),
  })
    .optional()
    .describe("the plan; absent for a `rollback`, which has none"),
}).meta({ title: "Started" });

const WaveDone = strictObject({
  ...head,
  change: z.literal("wave done").describe("a wave's customers are through; its bake begins"),
  wave: count("which, from 1"),
  waves: count("of how many"),
  counts: Counts,
}).meta({ title: "Wave done" });

const GateDecided = strictObject({
  ...head,
  change: z.literal("gate decided").describe("a gate has decided how the rollout goes on"),
  wave: count("the wave before the gate, from 1; what the look before the first flip refuses, has only ended"),
  decision: z.enum(["proceed", "roll back", "halt"]).describe("how it goes on"),
  reasons: Reasons,
}).meta({ title: "Gate decided" });

const RolledBack = strictObject({
  ...head,
  change: z.literal("rolled back").describe("what was flipped has been turned back, as far as it could be"),
  rollback: RollbackCounts,
  ...hold,
}).meta({ title: "Rolled back" });

const Ended = strictObject({
  ...head,
  change: z.literal("ended").describe("the rollout is over"),
  status: z.enum(ENDINGS).describe("how it ended"),
  counts: Counts,
  rollback: RollbackCounts.optional().describe("what was turned back, if anything was to be"),
  ...hold,
  problem: z
    .string()
    .max(MOST_PROBLEM_CHARACTERS)
    .optional()
    .describe("why it stopped or was refused, and what to do; one that is too long is cut, and ends with …"),
}).meta({ title: "Ended" });

/** One change of a rollout's state, as the outside is told of it. */
export const RolloutEvent = z.discriminatedUnion("change", [Started, WaveDone, GateDecided, RolledBack, Ended]);
export type RolloutEvent = z.output<typeof RolloutEvent>;

/** What a step knows of a change; whose it is and when stands in its head. */
export type RolloutEventOf = RolloutEvent extends infer Each
  ? Each extends RolloutEvent
    ? Omit<Each, keyof typeof head>
    : never
  : never;

/** Whether a status is an end, so that it can be told as one. */
export function isEnding(status: RolloutStatus): status is Ending {
  return ENDINGS.some((ending) => ending === status);
}
