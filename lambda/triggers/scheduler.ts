import { createHash } from "node:crypto";
import * as z from "zod";
import { wholeNumber } from "../contract/limits.ts";
import { strictObject } from "../contract/problems.ts";
import { parseOrRefuse } from "../contract/refused-error.ts";
import { textMatching } from "../contract/text-matching.ts";

const ARN = "expected a schedule's ARN, as <aws.scheduler.schedule-arn> gives it";
const TIME = "expected a time such as 2026-11-23T02:00:00Z, as <aws.scheduler.scheduled-time> gives it";
const NO_ID =
  "expected no id: the schedule and its time give each event an id; with a fixed id the event would run only once";
/** Two days. */
const MOST_MINUTES = 2_880;

/** The input that a schedule of Cutover sends. EventBridge Scheduler fills in the ARN and the time. */
const Scheduled = strictObject({
  schedule: strictObject({
    arn: textMatching(/^arn:[\w-]+:scheduler:[\w:-]+:schedule\/[\w.-]{1,64}\/[\w.-]{1,64}$/, ARN),
    scheduledTime: z.iso.datetime({ offset: true, error: TIME }),
    maxAgeMinutes: wholeNumber(1, MOST_MINUTES),
  }),
  event: z
    .looseObject({ id: z.undefined({ error: NO_ID }).optional() }, { error: "expected a deploy event" })
    .transform((event): Readonly<Record<string, unknown>> => event),
});

/**
 * The deploy event of a schedule, not checked yet. An event that Scheduler sends twice is one rollout; an event that
 * arrives too late is refused. @throws RefusedError for a malformed envelope
 */
export function readScheduled(input: unknown): Readonly<Record<string, unknown>> {
  const { schedule, event } = parseOrRefuse(Scheduled, input, "the scheduled event");
  const scheduledAtMs = Date.parse(schedule.scheduledTime);
  const latestMs = scheduledAtMs + schedule.maxAgeMinutes * 60_000;
  return {
    ...event,
    id: toId(schedule.arn, new Date(scheduledAtMs).toISOString()),
    notAfter: narrow(event.notAfter, new Date(latestMs).toISOString()),
  };
}

/** `nightly-promote-20261123T020000Z-0f3c9a1b2d`: the name and the time for people, and a hash that makes it unique. */
function toId(arn: string, time: string): string {
  const name = (arn.split("/").at(-1) ?? "").replaceAll(".", "-").slice(0, 36);
  const hash = createHash("sha256").update(`${arn}\n${time}`).digest("hex").slice(0, 10);
  return `${name}-${time.replaceAll(/[-:]|\.\d+/g, "")}-${hash}`;
}

/** The earlier time counts. A value that is not a time stays as it is and is refused later. */
function narrow(own: unknown, latest: string): unknown {
  if (own === undefined) return latest;
  return typeof own === "string" && Date.parse(own) > Date.parse(latest) ? latest : own;
}
