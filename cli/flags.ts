import { type Command, InvalidArgumentError } from "commander";
import { readReferenceIds } from "./read-files.ts";

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function collectFile(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...readReferenceIds(file)];
}

/** The front door names the range of each number. @throws InvalidArgumentError, to which commander adds the option */
export function readNumber(text: string): number {
  if (/^[-+]?\d+(\.\d+)?(e[-+]?\d{1,2})?$/i.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a number.");
}

/** The front door gets the end of the hours. @throws InvalidArgumentError */
export function readHours(text: string): number {
  const hours = readNumber(text);
  if (hours > 0) return hours;
  throw new InvalidArgumentError("Expected more than 0 hours.");
}

/** @throws InvalidArgumentError */
export function readPort(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return text;
  throw new InvalidArgumentError("Expected the number of a port, at most 65535.");
}

const SELECTIONS = [
  ["tag <name>", "customers with this tag; with two or more, say --match", collect],
  ["customer-id <id>", "customers with these ids", collect],
  ["reference-id <id>", "customers with these reference ids", collect],
  ["reference-ids-from <file.csv>", "the same, from the column referenceId or the only column of a file", collectFile],
  ["cohort <name>", "customers of a cohort of the policy", collect],
  ["parent <id>", "the descendants of a customer", collect],
] as const;

/** The customers to flip: those that any of the options selects. */
export function withSelection(command: Command): Command {
  for (const [usage, description, read] of SELECTIONS) command.option(`--${usage}`, description, read);
  return command
    .option("--match <any|all>", "customers with any of the tags, or with all of them")
    .option("--all", "every customer of the policy's accounts");
}

export function withExclusion(command: Command): Command {
  for (const [usage, description, read] of SELECTIONS)
    command.option(`--exclude-${usage}`, `never ${description.replace("; with two or more, say --match", "")}`, read);
  return command;
}

export function withStrategy(command: Command): Command {
  return command
    .option("--strategy <name|json>", "the waves; the policy's if not given")
    .option("--on-failure <rollback|halt>", "when a gate fails; the policy's if not given")
    .option("--max-customers <number>", "refuse a rollout that flips more", readNumber)
    .option("--override <reason>", "begin although an alarm is in ALARM or a freeze applies")
    .option("--on-freeze <refuse|wait>", "while a freeze applies; refuse if not given")
    .option("--plan <hash>", "refuse any other plan than this");
}

export function withSourceRelease(command: Command): Command {
  return command.option("--release <release>", "of a rollback, instead of a rollout: the release's last rollout");
}

export function withEvent(command: Command): Command {
  return withSender(command)
    .option("--event <file.json>", "a deploy event; options add to it")
    .option("--not-after <time>", "refuse to begin later, such as 2026-11-30T02:00:00Z")
    .option("--on-busy <refuse|wait>", "while another rollout runs; refuse if not given")
    .option("--id <id>", "the same id is the same rollout");
}

export function withManner(command: Command): Command {
  return command
    .option("--yes", "do not ask")
    .option("--watch", "watch until the end (default on a terminal)")
    .option("--no-watch", "only start it");
}

export function withSender(command: Command): Command {
  return command
    .option("--by <name>", "who asks; your user name if not given")
    .option("--reason <text>", "why; the report and the ledger show it");
}
