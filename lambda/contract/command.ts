import * as z from "zod";
import { isExecutionOf } from "./execution-name.ts";
import { findClosest } from "./find-closest.ts";
import { memberOf } from "./member-of.ts";
import { oneLineText } from "./one-line-text.ts";
import { findProblems, strictObject } from "./problems.ts";
import { refuseFor } from "./refused-error.ts";
import { ReleaseName } from "./release-name.ts";
import { REPORT_FORMATS } from "./report-format.ts";
import { RolloutId } from "./rollout-id.ts";
import { CustomerIds } from "./target.ts";

/** The design has these, this version does not. */
const LATER_COMMANDS = ["approve", "reject", "reconcile"];
const EXECUTION = "expected the `execution` of the answer to its deploy event";
const FORMAT = `expected ${REPORT_FORMATS.join(", ")}`;
const MINUTES = "expected minutes, from 0.1 to 1440";
const ID = "expected 1 to 64 letters, digits, _ and -";

const requestedBy = oneLineText("who sends the command; stands in the ledger and the report", 128);
const reason = oneLineText("why; stands in the ledger and the report", 500);
const id = z
  .string({ error: ID })
  .regex(/^[\w-]{1,64}$/, ID)
  .optional()
  .describe("the same id is the same command: a command that is sent twice is done once");
const rolloutId = RolloutId.describe("the rollout that the command is for");

const commandState = { rolloutId, requestedBy, reason, id };
const ordering = { requestedBy, reason, id };

function named<const Names extends readonly [string, ...string[]]>(names: Names, what: string) {
  return z.enum(names, { error: ({ input }) => expectCommand(input) }).describe(what);
}

const StatusCommand = strictObject({
  command: named(["status"], "shows the report of a rollout, or the report so far"),
  rolloutId,
  execution: z
    .string({ error: EXECUTION })
    .regex(/^arn:[\w:.$-]{1,200}\/durable-execution\/[\w-]{1,64}\/[\w-]{1,64}$/, EXECUTION)
    .optional()
    .describe(
      "its durable execution; with it, `status` also finds a rollout that is not in the ledger: its event could not be read, or has the id of another event",
    ),
  format: z
    .enum(REPORT_FORMATS, { error: FORMAT })
    .optional()
    .describe("adds the report for people to the answer, as `text`: for a terminal, as plain text, or as Markdown"),
  requestedBy: requestedBy.optional(),
  reason: reason.optional(),
  id,
})
  .refine(({ rolloutId: rollout, execution }) => execution === undefined || isExecutionOf(rollout, execution), {
    path: ["execution"],
    error: "expected an execution of the same rollout",
  })
  .meta({ id: "statusCommand", title: "Status of a rollout" });
export type StatusCommand = z.output<typeof StatusCommand>;

const PauseCommand = strictObject({
  command: named(["pause"], "flips no further customer until its minutes are over or `resume` comes"),
  minutes: z
    .number({ error: MINUTES })
    .min(0.1, MINUTES)
    .max(1_440, MINUTES)
    .default(60)
    .describe("how long; then the rollout continues by itself"),
  ...commandState,
}).meta({ id: "pauseCommand", title: "Pause a rollout" });

const ContinueCommand = strictObject({
  command: named(
    ["resume", "skip-bake", "skip-all-bakes"],
    "`resume` ends a pause, `skip-bake` ends this bake, `skip-all-bakes` ends this bake and skips every later one; the gates still decide. Refused when there is nothing to end",
  ),
  ...commandState,
}).meta({ id: "continueCommand", title: "Continue a rollout" });

const AbortCommand = strictObject({
  command: named(["abort"], "ends a rollout in every state, a rollback too; wins over every other command"),
  rollback: z
    .boolean({ error: "expected true or false" })
    .default(true)
    .describe("true: restore what the rollout flipped; false: leave every customer as it is"),
  ...commandState,
}).meta({ id: "abortCommand", title: "Abort a rollout" });

const StopCommand = strictObject({
  command: named(
    ["stop-everything", "resume-everything"],
    "`stop-everything`: no rollout flips a customer any more; `resume-everything` ends that",
  ),
  ...ordering,
}).meta({ id: "stopCommand", title: "The switch that stops everything" });

const HoldCommand = strictObject({
  command: named(
    ["hold-release", "clear-release"],
    "`hold-release`: no event stages or promotes the release; `clear-release` ends that, also after a rollback",
  ),
  release: ReleaseName.describe("the release's name, as its events have it"),
  ...ordering,
}).meta({ id: "holdCommand", title: "Hold a release" });

const ProtectCommand = strictObject({
  command: named(
    ["protect", "unprotect"],
    "`protect`: these customers are not flipped, besides those that the policy protects; `unprotect` ends that",
  ),
  customerIds: CustomerIds.describe("the customers' ids"),
  ...ordering,
}).meta({ id: "protectCommand", title: "Protect customers" });

const ControlsCommand = strictObject({
  command: named(["controls"], "shows the controls"),
  requestedBy: requestedBy.optional(),
  reason: reason.optional(),
  id,
}).meta({ id: "controlsCommand", title: "The controls" });

/** A command asks about a rollout, steers a rollout, or changes the controls. */
export const Command = z.discriminatedUnion("command", [
  StatusCommand,
  PauseCommand,
  ContinueCommand,
  AbortCommand,
  StopCommand,
  HoldCommand,
  ProtectCommand,
  ControlsCommand,
]);
export type Command = z.output<typeof Command>;

const COMMANDS: readonly string[] = Command.options.flatMap(({ shape }) => shape.command.options);
const UnknownCommand = z.looseObject(
  { command: named(["status"], "none of them") },
  { error: "expected an object with the members command, …" },
);

/** @throws RefusedError with all problems at once, those of the command that was meant */
export function readCommand(input: unknown): Command {
  const parsed = findMeant(memberOf(input, "command")).safeParse(input);
  if (parsed.success) return parsed.data as Command;
  throw refuseFor("the command", findProblems(parsed.error, input));
}

function findMeant(name: unknown) {
  const meant = typeof name === "string" && !LATER_COMMANDS.includes(name) ? findClosest(name, COMMANDS) : undefined;
  const options: readonly string[][] = Command.options.map(({ shape }) => shape.command.options);
  return Command.options[options.findIndex((names) => meant !== undefined && names.includes(meant))] ?? UnknownCommand;
}

function expectCommand(input: unknown): string {
  const expected = `expected one of ${COMMANDS.join(", ")}`;
  if (typeof input !== "string") return expected;
  if (LATER_COMMANDS.includes(input)) return `${expected}; this version does not have ${input}`;
  const meant = findClosest(input, COMMANDS);
  return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
}
