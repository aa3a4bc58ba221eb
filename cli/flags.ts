import type { Command } from "commander";
import { readReferenceIds } from "./read-files.ts";
import type { EventFlags, Selection } from "./to-event.ts";

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The customers to flip: those that any of the options selects. */
export function withSelection(command: Command): Command {
  return command
    .option("--tag <name>", "customers with this tag; with two or more, say --match", collect)
    .option("--match <any|all>", "customers with any of the tags, or with all of them")
    .option("--customer-id <id>", "customers with these ids", collect)
    .option("--reference-id <id>", "customers with these reference ids", collect)
    .option("--reference-ids-from <file.csv>", "the same, from the column referenceId or the only column of a file")
    .option("--cohort <name>", "customers of a cohort of the policy", collect)
    .option("--parent <id>", "the descendants of a customer", collect)
    .option("--all", "every customer of the policy's accounts");
}

export function withExclusion(command: Command): Command {
  return command
    .option("--exclude-tag <name>", "never customers with any of these tags", collect)
    .option("--exclude-customer-id <id>", "never these customers", collect)
    .option("--exclude-reference-id <id>", "never these customers", collect)
    .option("--exclude-reference-ids-from <file.csv>", "never the customers of a file")
    .option("--exclude-cohort <name>", "never the customers of a cohort", collect)
    .option("--exclude-parent <id>", "never the descendants of a customer", collect);
}

export function withStrategy(command: Command): Command {
  return command
    .option("--strategy <name|json>", "the waves; the policy's if not given")
    .option("--on-failure <rollback|halt>", "when a gate fails; the policy's if not given")
    .option("--max-customers <number>", "refuse a rollout that flips more")
    .option("--override <reason>", "begin although an alarm is in ALARM")
    .option("--plan <hash>", "refuse any other plan than this");
}

export function withEvent(command: Command): Command {
  return command
    .option("--event <file.json>", "a deploy event; options add to it")
    .option("--not-after <time>", "refuse to begin later, such as 2026-11-30T02:00:00Z")
    .option("--on-busy <refuse|wait>", "while another rollout runs; refuse if not given")
    .option("--id <id>", "the same id is the same rollout")
    .option("--by <name>", "who asks; your user name if not given")
    .option("--reason <text>", "why; the report shows it");
}

export function withRollout(command: Command): Command {
  return command
    .option("--yes", "do not ask")
    .option("--watch", "watch until the end (default on a terminal)")
    .option("--no-watch", "only start it");
}

/** What commander read, as the flags of an event. `name` is a release, or the rollout that a rollback or a retry is about. */
export function toEventFlags(
  flags: Readonly<Record<string, unknown>>,
  action: string | undefined,
  name: string | undefined,
): EventFlags {
  const text = (key: string) => flags[key] as string | undefined;
  const isLater = action === "rollback" || action === "retry";
  return {
    action,
    release: isLater ? text("release") : name,
    rolloutId: isLater ? name : undefined,
    targets: toSelection(flags, (key) => key),
    exclude: toSelection(flags, (key) => `exclude${key.charAt(0).toUpperCase()}${key.slice(1)}`),
    strategy: text("strategy"),
    onFailure: text("onFailure"),
    maxCustomers: text("maxCustomers"),
    override: text("override"),
    plan: text("plan"),
    notAfter: text("notAfter"),
    onBusy: text("onBusy"),
    id: text("id"),
    requestedBy: text("by"),
    reason: text("reason"),
  };
}

function toSelection(flags: Readonly<Record<string, unknown>>, toKey: (key: string) => string): Selection {
  const list = (key: string) => flags[toKey(key)] as readonly string[] | undefined;
  const file = flags[toKey("referenceIdsFrom")] as string | undefined;
  const fromFile = file === undefined ? [] : readReferenceIds(file);
  const referenceIds = [...(list("referenceId") ?? []), ...fromFile];
  return {
    tag: list("tag"),
    match: flags[toKey("match")] as string | undefined,
    customerId: list("customerId"),
    referenceId: referenceIds.length > 0 ? referenceIds : undefined,
    cohort: list("cohort"),
    parent: list("parent"),
    all: flags[toKey("all")] as boolean | undefined,
  };
}
