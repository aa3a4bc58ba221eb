import type { Sentences, StartReason } from "./reason-types.ts";
import { formatTime } from "./report/text-layout.ts";

export const START_SENTENCES: Sentences<StartReason> = {
  "too-late": ({ notAfter }) =>
    `it is later than the event's notAfter, ${formatTime(notAfter)}; send a new event if the rollout should still happen`,
  locked: ({ rolloutId }) =>
    `rollout ${rolloutId} is running in this environment; wait for its end, then send the event again`,
  "id-taken": ({ id }) =>
    `the id ${id} belongs to a different event; ask for its status, or send this event with a new id`,
  "release-held": ({ release, by, since, why, after }) =>
    `release ${release} is held, by ${by} since ${formatTime(since)}${after === undefined ? "" : `, after rollout ${after}`}: ${why}; no event flips customers to it until the hold is ended`,
  "aborted-while-waiting": ({ by, why }) => `the rollout was aborted by ${by} while it waited to begin: ${why}`,
  "unknown-rollout": ({ rolloutId }) =>
    `no rollout ${rolloutId} is known; send the id that the answer to its deploy event gave`,
  "nothing-flipped": ({ rolloutId }) => `rollout ${rolloutId} flipped no customer, so there is nothing to roll back`,
  "never-began": ({ rolloutId }) =>
    `rollout ${rolloutId} flipped no customer: it was a dry run, or ended before its first flip`,
  "release-never-flipped": ({ release }) => `no rollout of release ${release} is known that flipped a customer`,
  "already-retried": ({ rolloutId, by }) =>
    `rollout ${by} has already retried rollout ${rolloutId}; send a retry of ${by}`,
  "was-rolled-back": ({ rolloutId }) =>
    `rollout ${rolloutId} was rolled back, so a retry would not move the customers that are restored; end the hold of its release, then send its deploy event again, with a new id if it has one`,
  "is-rollback": ({ rolloutId }) =>
    `rollout ${rolloutId} is itself a rollback; send the id of the rollout that it rolled back, or a new deploy event`,
  "unknown-source": ({ rolloutId }) => `the ledger does not say which rollout ${rolloutId} retried`,
  "lock-lost": ({ rolloutId, by = "(none)" }) =>
    `rollout ${by} has taken the lock from ${rolloutId}, which flipped no more customers; the ledger says which customers it flipped`,
  stalled: ({ step, runs, mark }) =>
    `${step} died ${runs} times${mark === undefined ? "" : ` and made no progress beyond "${mark}"`}; the worker's log says what ended it`,
  "no-progress": ({ parts }) =>
    `${parts} parts in a row made no progress: Evo Voice answered none of their requests in time`,
  abandoned: () =>
    "its execution was stopped, failed or timed out before it wrote its report. The ledger says which customers were flipped until then. To flip the others, send the event again with a new id",
  "execution-failed": ({ detail }) => detail,
  "unknown-schema": ({ item, version }) =>
    `the ledger's item ${item} has schema version ${version}, which this version of Cutover cannot read; deploy the version that wrote it`,
  unexpected: ({ detail }) => detail,
};
