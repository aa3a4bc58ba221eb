import { toMs } from "../../contract/instant.ts";
import type { AlarmWords, GateReason, Sentences } from "../reason-types.ts";
import { countCustomers, formatSeconds, formatTime } from "../report/text-layout.ts";

export const GATE_SENTENCES: Sentences<GateReason> = {
  alarm: ({ alarm, state, detail }) =>
    `alarm ${alarm} ${ALARM_WORDS[state]}${detail === undefined ? "" : `: ${detail}`}`,
  "more-alarms": ({ alarms }) => `and ${alarms.length} more: ${alarms.join(", ")}`,
  "no-data": ({ seconds, allowedSeconds }) =>
    `not every alarm had data for ${seconds} s; the policy allows ${allowedSeconds} s`,
  "failure-budget": ({ failed, allowed, planned, wave }) =>
    `at least ${failed} ${failed === 1 ? "customer" : "customers"}${wave === undefined ? "" : ` of wave ${wave}`} failed, and the failure budget allows ${allowed} of ${planned}`,
  "rollback-reserve": ({ used }) =>
    `the share of one execution is used up, ${used}; the rest is kept for a rollback and a report`,
  "children-moved": ({ children, more }) => {
    const all = children.length + more;
    const named = children.map(({ id, parentId }) => `${id}, child of ${parentId}`).join("; ");
    return `${all === 1 ? "1 child" : `${all} children`} moved with a flipped parent although no plan flips it: ${named}${more > 0 ? `; and ${more} more` : ""}. Look at each; if flags follow the parent on this account, set the policy's childrenFollow to true`;
  },
  "children-not-checked": ({ why }, describe) => `the children of flipped parents were not checked: ${describe(why)}`,
  aborted: ({ by, why }) => `aborted by ${by}: ${why}`,
  "bake-skipped": ({ by, why }) => `the bake was skipped by ${by}: ${why}`,
  "all-bakes-skipped": ({ by, why }) => `all remaining bakes were skipped by ${by}: ${why}`,
  "bake-skipped-earlier": () => "without a bake: an earlier command skipped all bakes",
  baking: () => "the bake",
  delayed: () => "the wait before the next try",
  paused: ({ by, until, why }) =>
    by === undefined || until === undefined ? "paused" : `paused by ${by} until ${formatTime(until)}: ${why}`,
  "waits-for-approval": ({ wave, customers, until }) =>
    `wave ${wave}, ${countCustomers(customers)}, waits for an approval until ${formatTime(until)}; no answer in time is a no`,
  approved: ({ wave, by, at, why }) => `wave ${wave} was approved by ${by} at ${formatTime(at)}: ${why}`,
  rejected: ({ wave, by, at, why }) => `wave ${wave} was rejected by ${by} at ${formatTime(at)}: ${why}`,
  "not-approved-in-time": ({ wave, seconds }) =>
    `no answer came within the ${formatSeconds(seconds)} that wave ${wave} waited for an approval`,
  "waits-for-lock": ({ holder, until }) => {
    const lock = holder === undefined ? "the lock is free, and the rollout takes it soon" : `${holder} has the lock`;
    return until === undefined ? lock : `${lock}; the rollout waits until ${formatTime(until)} at most`;
  },
  stopping: ({ why }, describe) => `to be stopped: ${describe(why)}`,
  "command-noted": ({ command, by, at, why, pauseSeconds, rollback, wave }) => {
    const duration = pauseSeconds === undefined ? "" : ` for ${formatSeconds(pauseSeconds)}`;
    const undo = command === "abort" ? ` ${rollback === false ? "without" : "with"} a rollback` : "";
    const answered = command === "approve" || command === "reject" ? ` of wave ${wave}` : "";
    return `${command}${duration}${undo}${answered}, sent by ${by} at ${formatTime(at)}: ${why}`;
  },
  stopped: ({ by, since, why }) =>
    `everything is stopped, by ${by} since ${formatTime(since)}: ${why}; no customer is flipped until the stop is ended`,
  frozen: ({ freeze, until, timeZone, by, since, why }) => {
    const local = timeZone === undefined ? "" : `, ${toLocal(until, timeZone)} in ${timeZone}`;
    const added = by === undefined || since === undefined ? "" : `, by ${by} since ${formatTime(since)}: ${why}`;
    return `freeze ${freeze} applies until ${formatTime(until)}${local}${added}; no customer is flipped until then, or until the freeze is lifted`;
  },
};

/** `2026-11-27 18:00:00` */
function toLocal(iso: string, timeZone: string): string {
  return new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(toMs(iso));
}

const ALARM_WORDS: AlarmWords = {
  OK: "is OK",
  ALARM: "is in ALARM",
  INSUFFICIENT_DATA: "has no data (INSUFFICIENT_DATA)",
  missing: "does not exist",
  unreadable: "cannot be read",
};
