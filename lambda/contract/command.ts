import * as z from "zod";
import { isExecutionOf } from "./execution-name.ts";
import { didYouMean, findClosest } from "./find-closest.ts";
import { FreezeName, FreezeTime } from "./freeze.ts";
import { amount, wholeNumber } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { PlanHash } from "./plan-hash.ts";
import { findProblems, strictObject } from "./problems.ts";
import { refuseFor } from "./refused-error.ts";
import { ReleaseName } from "./release-name.ts";
import { REPORT_FORMATS } from "./report-format.ts";
import { RolloutId } from "./rollout-id.ts";
import { CustomerId, CustomerIds, ReferenceId, ReferenceIds } from "./target.ts";
import { oneLineText, textMatching } from "./text-matching.ts";

const requestedBy = oneLineText(
  "the sender's name, as the sender gives it; the ledger and the report show it as a claim",
  128,
);
const reason = oneLineText("the reason; the ledger and the report show it", 500);
const id = textMatching(/^[\w-]{1,64}$/, "expected 1 to 64 letters, digits, _ and -")
  .optional()
  .describe("a command with the same id is the same command, so a command that is sent twice is done once");
const rolloutId = RolloutId.describe("the rollout that the command is for");

/** Of a command that only shows something. */
const askerMembers = { requestedBy: requestedBy.optional(), reason: reason.optional(), id };
const controlMembers = { requestedBy, reason, id };
const rolloutMembers = { rolloutId, ...controlMembers };

function named<const Names extends readonly [string, ...string[]]>(names: Names, what: string) {
  return z.enum(names, { error: ({ input }) => expectCommand(input) }).describe(what);
}

const StatusCommand = strictObject({
  command: named(
    ["status"],
    "shows the report of a rollout, also while it runs; without a `rolloutId`, of the rollout that runs, or else of the last rollout that was no dry run",
  ),
  rolloutId: rolloutId.optional(),
  execution: textMatching(
    /^arn:[\w:.$-]{1,200}\/durable-execution\/[\w-]{1,64}\/[\w-]{1,64}$/,
    "expected the `execution` of the answer to the deploy event",
  )
    .optional()
    .describe(
      "the durable execution of the rollout; with it, `status` also finds a rollout that is not in the ledger, because its event could not be read or has the id of another event",
    ),
  format: z
    .enum(REPORT_FORMATS, { error: `expected ${REPORT_FORMATS.join(", ")}` })
    .optional()
    .describe("adds the report as `text` to the answer: for a terminal, as plain text, or as Markdown"),
  ...askerMembers,
})
  .refine(({ rolloutId: rollout = "", execution }) => execution === undefined || isExecutionOf(rollout, execution), {
    path: ["execution"],
    error: "expected an execution of the same rollout, with its rolloutId",
  })
  .meta({ id: "statusCommand", title: "Status of a rollout" });
export type StatusCommand = z.output<typeof StatusCommand>;

const ListCommand = strictObject({
  command: named(["list"], "shows the last 20 rollouts, the newest first, and which rollout runs now"),
  plans: z.boolean({ error: "expected true or false" }).default(false).describe("true: also the last dry runs"),
  ...askerMembers,
}).meta({ id: "listCommand", title: "The last rollouts" });
export type ListCommand = z.output<typeof ListCommand>;

const OUTCOMES = ["flipped", "unchanged", "skipped", "failed", "restored", "conflicting", "not-restored"] as const;

const CustomersCommand = strictObject({
  command: named(
    ["customers"],
    "shows a page of a rollout's customers: planned action, wave, outcome with its code and message, and when it was recorded; also of a dry run, and while the rollout runs",
  ),
  rolloutId,
  outcome: z
    .enum(OUTCOMES, { error: `expected one of ${OUTCOMES.join(", ")}` })
    .optional()
    .describe("only customers with this outcome"),
  wave: wholeNumber(1, 100).optional().describe("only the customers of this wave that the plan flips"),
  after: wholeNumber(1, 1_000_000).optional().describe("the `after` of the page before: the next page"),
  ...askerMembers,
}).meta({ id: "customersCommand", title: "The customers of a rollout" });
export type CustomersCommand = Omit<z.output<typeof CustomersCommand>, "command">;

const CustomerCommand = strictObject({
  command: named(
    ["customer"],
    "shows what the last 50 rollouts and the last 50 dry runs planned for one customer, and what became of it, the newest first: by its id or its reference id",
  ),
  customerId: CustomerId.optional().describe("the customer's id"),
  referenceId: ReferenceId.optional().describe("the customer's reference id, instead of its id"),
  ...askerMembers,
})
  .refine(({ customerId, referenceId }) => (customerId === undefined) !== (referenceId === undefined), {
    path: ["customerId"],
    error: "expected the customer's id, or its referenceId",
  })
  .meta({
    id: "customerCommand",
    title: "One customer",
    oneOf: [{ required: ["customerId"] }, { required: ["referenceId"] }],
  });
export type CustomerCommand = Omit<z.output<typeof CustomerCommand>, "command">;

const PauseCommand = strictObject({
  command: named(["pause"], "flips no further customer until the minutes are over or `resume` arrives"),
  minutes: amount("minutes", 0.1, 1_440).default(60).describe("the length of the pause; then the rollout continues"),
  ...rolloutMembers,
}).meta({ id: "pauseCommand", title: "Pause a rollout" });

const ContinueCommand = strictObject({
  command: named(
    ["resume", "skip-bake", "skip-all-bakes"],
    "`resume` ends a pause, `skip-bake` ends this bake, `skip-all-bakes` ends this bake and skips every later one; the gates still decide. Refused when there is nothing to end",
  ),
  ...rolloutMembers,
}).meta({ id: "continueCommand", title: "Continue a rollout" });

const AbortCommand = strictObject({
  command: named(["abort"], "ends a rollout in any state, also during a rollback; it overrides every other command"),
  rollback: z
    .boolean({ error: "expected true or false" })
    .default(true)
    .describe("true: restore what the rollout flipped; false: leave every customer as it is"),
  ...rolloutMembers,
}).meta({ id: "abortCommand", title: "Abort a rollout" });

const AnswerCommand = strictObject({
  command: named(
    ["approve", "reject"],
    "answers a rollout that waits for an approval: `approve` lets its wave begin; `reject` ends it as a failed gate does, and holds the release. Refused when no approval is waited for, and when the wave has its answer already",
  ),
  plan: PlanHash.describe("the plan's hash, as the report shows it, or its first 12 or more characters"),
  wave: wholeNumber(1, 100)
    .optional()
    .describe("the wave that the answer is for; refused when another wave waits. By default the wave that waits"),
  ...rolloutMembers,
}).meta({ id: "answerCommand", title: "Approve or reject a wave" });

const StopCommand = strictObject({
  command: named(
    ["stop-everything", "resume-everything"],
    "`stop-everything`: no rollout flips a customer; `resume-everything` ends the stop",
  ),
  ...controlMembers,
}).meta({ id: "stopCommand", title: "The switch that stops everything" });

const HoldCommand = strictObject({
  command: named(
    ["hold-release", "clear-release"],
    "`hold-release`: no event stages or promotes the release; `clear-release` ends the hold, also the hold of a rollback",
  ),
  release: ReleaseName.describe("the release's name, as in its deploy events"),
  ...controlMembers,
}).meta({ id: "holdCommand", title: "Hold a release" });

const ProtectCommand = strictObject({
  command: named(
    ["protect"],
    "these customers are not flipped, nor are the customers that the policy protects; the answer names them, and an id that no customer has is refused",
  ),
  customerIds: CustomerIds.optional().describe("the customers' ids"),
  referenceIds: ReferenceIds.optional().describe("the customers' reference ids, besides or instead of ids"),
  ...controlMembers,
})
  .refine(({ customerIds, referenceIds }) => (customerIds ?? referenceIds) !== undefined, {
    path: ["customerIds"],
    error: "expected the customers' ids, or their referenceIds",
  })
  .meta({
    id: "protectCommand",
    title: "Protect customers",
    anyOf: [{ required: ["customerIds"] }, { required: ["referenceIds"] }],
  });

const UnprotectCommand = strictObject({
  command: named(["unprotect"], "ends the protection of these customers"),
  customerIds: CustomerIds.describe("the customers' ids, as `controls` shows them"),
  ...controlMembers,
}).meta({ id: "unprotectCommand", title: "End the protection of customers" });

const FreezeCommand = strictObject({
  command: named(
    ["freeze"],
    "begins a freeze now: no flip of a customer begins until it is over, except a rollback and an event with an override; again with the same name, it changes the end",
  ),
  name: FreezeName.describe("the name of the freeze"),
  until: FreezeTime.describe("its end, at most 31 days from now"),
  ...controlMembers,
}).meta({ id: "freezeCommand", title: "Freeze the environment" });

const LiftFreezeCommand = strictObject({
  command: named(
    ["lift-freeze"],
    "ends a freeze that applies; a freeze of the policy does not apply until the end of this window",
  ),
  name: FreezeName.describe("the name of the freeze, as `controls` shows it"),
  ...controlMembers,
}).meta({ id: "liftFreezeCommand", title: "Lift a freeze" });

const LoginCommand = strictObject({
  command: named(
    ["try-login-again"],
    "tries a login that Evo Voice refused once more, although the secret has not changed: after an account was unlocked, or Evo Voice was in trouble",
  ),
  ...controlMembers,
}).meta({ id: "loginCommand", title: "Try the login again" });

const ControlsCommand = strictObject({
  command: named(["controls"], "shows the controls"),
  ...askerMembers,
}).meta({ id: "controlsCommand", title: "The controls" });

/** A command asks for a rollout's status, steers a rollout, or shows or changes the controls. */
export const Command = z.discriminatedUnion("command", [
  StatusCommand,
  ListCommand,
  CustomersCommand,
  CustomerCommand,
  PauseCommand,
  ContinueCommand,
  AbortCommand,
  AnswerCommand,
  StopCommand,
  HoldCommand,
  ProtectCommand,
  UnprotectCommand,
  FreezeCommand,
  LiftFreezeCommand,
  LoginCommand,
  ControlsCommand,
]);
export type Command = z.output<typeof Command>;

const COMMANDS: readonly string[] = Command.options.flatMap(({ shape }) => shape.command.options);
const UnknownCommand = z.looseObject(
  { command: named(["status"], "an unknown command") },
  { error: "expected an object with the members command, …" },
);

/** @throws RefusedError with all problems of the closest command */
export function readCommand(input: unknown): Command {
  const parsed = findSchema(memberOf(input, "command")).safeParse(input);
  if (parsed.success) return parsed.data as Command;
  throw refuseFor("the command", findProblems(parsed.error, input));
}

function findSchema(name: unknown) {
  const closest = typeof name === "string" ? findClosest(name, COMMANDS) : undefined;
  const hasName = ({ shape }: (typeof Command.options)[number]) =>
    closest !== undefined && (shape.command.options as readonly string[]).includes(closest);
  return Command.options.find(hasName) ?? UnknownCommand;
}

function expectCommand(input: unknown): string {
  const expected = `expected one of ${COMMANDS.join(", ")}`;
  return typeof input === "string" ? expected + didYouMean(input, COMMANDS) : expected;
}
