import { userInfo } from "node:os";
import { Command, Option } from "commander";
import { describeRefusal } from "../lambda/contract/refused-error.ts";
import { wrap } from "../lambda/core/report/text-layout.ts";
import { runJob } from "./ci.ts";
import { connect, type Deployment, type Door, SANDBOX_PORT } from "./connect.ts";
import { EXIT, Failure, Refused } from "./failure.ts";
import {
  collect,
  readHours,
  readNumber,
  readPort,
  withEvent,
  withExclusion,
  withManner,
  withSelection,
  withSender,
  withSourceRelease,
  withStrategy,
} from "./flags.ts";
import { askStatus, follow, hasEnded } from "./follow.ts";
import { findCustomer, listCustomers, listRollouts } from "./list.ts";
import { writeLogin } from "./login.ts";
import { readEventFile } from "./read-files.ts";
import { writeReport } from "./report.ts";
import { type Manner, printAnswer, rollOut, showPlan, toExitCode } from "./roll-out.ts";
import { answerApproval, changeControls, showControls, steer } from "./steer.ts";
import { findColumns, isLive, say } from "./terminal.ts";
import { type Event, toEvent } from "./to-event.ts";
import { toFlag } from "./to-flag.ts";

/** The options of any verb, as commander reads them. */
type Flags = Readonly<Record<string, unknown>> & Deployment & Manner;
type Names = readonly (string | undefined)[];
type Verb = (
  usage: string,
  description: string,
  act: (door: Door, flags: Flags, ...names: Names) => Promise<number>,
) => Command;

/** All verbs. `end` gets the exit code. */
export function createProgram(end: (code: number) => void): Command {
  const program = new Command("cutover")
    .description("Moves Evo Voice customers between the staging and the production servers.")
    .option("--sandbox", "talk to a sandbox on this machine (npm run sandbox)")
    .option("--port <port>", "the port of the sandbox", readPort, SANDBOX_PORT)
    .addOption(new Option("--stack <name>", "the CloudFormation stack of the deployment").env("CUTOVER_STACK"))
    .addOption(new Option("--function <name>", "its front door, so that no stack is read").env("CUTOVER_FUNCTION"))
    .option("--json", "print the answer as JSON")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText(
      "after",
      "\nExit code: 0 as wanted, 1 the rollout ended otherwise, 2 nothing was done: bad usage, refused, or not reached.",
    );

  const verb: Verb = (usage, description, act) =>
    program
      .command(usage)
      .description(description)
      .action(async (...given: readonly unknown[]) => {
        const flags = (given.at(-1) as Command).optsWithGlobals<Flags>();
        const door = await connect(flags, program.args);
        introduce(door);
        end(await act(door, flags, ...(given.slice(0, -2) as Names)).catch((error) => rephrase(error, door, flags)));
      });

  program.commandsGroup("Roll out:");
  addRollouts(verb);
  program.commandsGroup("Look:");
  addReading(verb);
  program.commandsGroup("Steer a rollout; without a name the one that runs:");
  addSteering(verb);
  program.commandsGroup("Steer the whole environment:");
  addControls(verb);
  program.commandsGroup("Without a person:");
  program
    .command("ci")
    .description("run a rollout as a job of a CI system: the inputs are variables, see docs/ci.md")
    .option("--session", "only write the output session-seconds: how long the job's credentials must live")
    .action(async (_options, command: Command) => end(await runJob(command.optsWithGlobals(), process.env)));
  return program;
}

function addRollouts(verb: Verb): void {
  const plan = verb(
    "plan [action] [name]",
    "show what an action would do: stage or promote RELEASE, rollback or retry ROLLOUT",
    (door, flags, ...names) => showPlan(door, readEvent(flags, names), flags),
  );
  withSourceRelease(withEvent(withStrategy(withExclusion(withSelection(plan)))));
  plan.option("--csv", "print the customers as CSV; --json has all of them too");
  const start = (action: string, what: string, description: string) =>
    withManner(
      withEvent(
        verb(`${action} [${what}]`, description, (door, flags, name) =>
          rollOut(door, readEvent(flags, [action, name]), flags),
        ),
      ),
    );
  const flip = (action: string, servers: string) =>
    start(action, "release", `move customers to the ${servers} servers: shows the plan, and asks`);
  withStrategy(withExclusion(withSelection(flip("stage", "staging"))));
  withStrategy(withExclusion(withSelection(flip("promote", "production"))));
  withSourceRelease(start("rollback", "rollout", "restore exactly the customers that a rollout flipped"));
  const retried = "flip the customers of a rollout that failed or were not attempted: shows the plan, and asks";
  withStrategy(withExclusion(start("retry", "rollout", retried)));
}

function readEvent(flags: Flags, names: Names): Event {
  const file = flags.event === undefined ? {} : readEventFile(String(flags.event));
  return { requestedBy: userInfo().username, ...toEvent(flags, names, file) };
}

function addReading(verb: Verb): void {
  const latest = "without a name the one that runs, or the last";
  verb("status [rollout]", `show a rollout; ${latest}`, async (door, flags, rolloutId) => {
    const now = await askStatus(door, { rolloutId });
    const answer = flags.watch && !hasEnded(now) ? await follow(door, now) : now;
    printAnswer(door, answer, flags);
    // To ask how a rollout ended is no failure; to wait for its end asks for success.
    return flags.watch ? toExitCode(answer) : EXIT.asWanted;
  }).option("--watch", "until the rollout has ended");
  verb("report [rollout]", `write a rollout and all of its customers to one file; ${latest}`, (door, flags, name) =>
    writeReport(door, name, String(flags.html)),
  ).requiredOption("--html <file>", "the file, for a browser; a file of this name is replaced");
  verb("list", "show the last rollouts", listRollouts).option("--plans", "also the dry runs");
  verb("customers [rollout]", `show every customer of a rollout; ${latest}`, async (door, flags, name) => {
    const rolloutId = name ?? (await askStatus(door, {})).rolloutId;
    return listCustomers(door, { rolloutId, outcome: flags.outcome, wave: flags.wave }, flags);
  })
    .option("--csv", "print CSV")
    .option("--outcome <outcome>", "only with this outcome: flipped, unchanged, skipped, failed, restored, …")
    .option("--wave <number>", "only those that this wave flips", readNumber);
  verb("customer [id]", "show what the last 50 rollouts did with one customer", (door, flags, customerId) =>
    findCustomer(door, { customerId, referenceId: flags.referenceId }, flags),
  ).option("--reference-id <id>", "its reference id, instead of its id");
  verb("controls", "show the stop switch, the freezes, the held releases and the protected customers", showControls);
}

function addSteering(verb: Verb): void {
  const command = (name: string, description: string) =>
    withSender(
      verb(`${name} [rollout]`, description, (door, flags, rolloutId) => {
        const members = { command: name, rolloutId, rollback: flags.rollback, minutes: flags.minutes };
        return steer(door, members, toSender(flags), flags);
      }),
    );
  const forHowLong = ["--minutes <minutes>", "how long; an hour if not given", readNumber] as const;
  command("pause", "flip no further customer for a while").option(...forHowLong);
  command("resume", "end a pause");
  command("skip-bake", "end this bake; the gate still decides");
  command("skip-all-bakes", "end this bake, and skip the later ones; the gates still decide");
  const answer = (name: "approve" | "reject", description: string) =>
    withSender(
      verb(`${name} [rollout]`, description, (door, flags, rolloutId) => {
        const members = { command: name, rolloutId, plan: flags.plan, wave: flags.wave as number | undefined };
        return answerApproval(door, members, toSender(flags), flags);
      }),
    )
      .option("--plan <hash>", "the plan that you have seen; without it, the plan is shown, and you are asked")
      .option("--wave <number>", "the wave that you have seen; refused when another one waits", readNumber);
  answer("approve", "let the wave begin that waits for an approval");
  answer("reject", "refuse the wave that waits for an approval; its release is held");
  command("abort", "end a rollout, and restore what it flipped").option(
    "--no-rollback",
    "leave every customer as it is",
  );
}

function addControls(verb: Verb): void {
  const control = (usage: string, description: string, command: string) =>
    withSender(
      verb(usage, description, (door, flags, name) => {
        const { customerId: customerIds, referenceId: referenceIds } = flags;
        const named = usage.includes("<name>") ? { name, until: toUntil(flags) } : { release: name };
        const about = usage.includes("<") ? named : { customerIds, referenceIds };
        return changeControls(door, { command, ...about }, toSender(flags), flags);
      }),
    );
  control("stop", "stop everything: no rollout flips a customer", "stop-everything");
  control("go", "end the stop", "resume-everything");
  control("try-login-again", "try a refused login once more, after its cause was mended", "try-login-again");
  verb("login", "ask for the login of Evo Voice, and write it into the secret", writeLogin);
  control("hold <release>", "refuse every event that stages or promotes a release", "hold-release");
  control("release <release>", "end the hold of a release", "clear-release");
  control("freeze <name>", "freeze the environment from now on: no flip of a customer begins", "freeze")
    .addOption(new Option("--until <time>", "its end, such as 2026-11-30T02:00:00Z").conflicts("hours"))
    .option("--hours <hours>", "how long, instead of its end", readHours);
  control("lift-freeze <name>", "end a freeze; of the policy's freeze, this window", "lift-freeze");
  control("protect", "never flip these customers", "protect")
    .option("--customer-id <id>", "their ids", collect)
    .option("--reference-id <id>", "their reference ids", collect);
  control("unprotect", "end the protection of customers", "unprotect").option(
    "--customer-id <id>",
    "their ids",
    collect,
  );
}

function toSender({ by = userInfo().username, reason }: Flags) {
  return { requestedBy: by, reason: reason as string | undefined };
}

/** The front door refuses what is no time, and a freeze that is too long. */
function toUntil({ until, hours }: Flags): unknown {
  if (hours === undefined) return until;
  return new Date(Date.now() + Math.min(Number(hours), MOST_HOURS) * 3_600_000).toISOString();
}

/** A hundred years: a date has an end. */
const MOST_HOURS = 876_000;

/** A refusal in flags and command lines. The problems of an event's file keep their paths. @throws Failure */
function rephrase(error: unknown, door: Door, { event }: Flags): never {
  if (!(error instanceof Refused)) throw error;
  const { problems = [], ...refusal } = error.refusal;
  const typed = event === undefined ? problems.map((each) => ({ ...each, path: toFlag(each.path) })) : problems;
  const message = describeRefusal({ ...refusal, problems: typed }, door.writeAdvice);
  throw new Failure(message, { exitCode: EXIT.refused, cause: error });
}

/** The first line on a terminal: where this goes, and as which identity. */
function introduce({ environment, baseUrl, account, region, identity }: Door): void {
  if (!isLive()) return;
  const style = /prod/i.test(environment) ? "red" : "dim";
  const where = account === "" ? "" : `account ${account} ${region}`;
  const facts = [environment, baseUrl, where, identity].filter(Boolean).join(", ");
  for (const text of wrap(facts, findColumns())) say({ text, style });
}
