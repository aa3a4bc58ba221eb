import { userInfo } from "node:os";
import { Command, Option } from "commander";
import { wrap } from "../lambda/core/report/text-layout.ts";
import { connect, type Deployment, type Door } from "./connect.ts";
import { collect, toEventFlags, withEvent, withExclusion, withRollout, withSelection, withStrategy } from "./flags.ts";
import { askStatus, follow, hasEnded } from "./follow.ts";
import { listCustomers, listRollouts } from "./list.ts";
import { readEventFile } from "./read-files.ts";
import { type Manner, printAnswer, rollOut, showPlan, toExitCode } from "./roll-out.ts";
import { changeControls, showControls, steer } from "./steer.ts";
import { findColumns, isLive, say } from "./terminal.ts";
import { type Event, toEvent } from "./to-event.ts";

/** The options of any verb, as commander reads them: by the names of `flags.ts` and of this file. */
type Flags = Readonly<Record<string, unknown>> & Deployment & Manner;
type Act = (door: Door, flags: Flags, ...names: readonly (string | undefined)[]) => Promise<number>;

/** All verbs. `end` gets the exit code. */
export function createProgram(end: (code: number) => void): Command {
  const program = new Command("cutover")
    .description("Moves Evo Voice customers between the staging and the production servers.")
    .option("--sandbox", "talk to a sandbox on this machine (npm run sandbox)")
    .option("--port <port>", "the port of the sandbox", "4680")
    .addOption(new Option("--stack <name>", "the CloudFormation stack of the deployment").env("CUTOVER_STACK"))
    .option("--json", "print the answer as JSON")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText("after", "\nExit code: 0 as wanted, 1 the rollout ended otherwise, 2 bad usage or refused.");

  const verb = (usage: string, description: string, act: Act) =>
    program
      .command(usage)
      .description(description)
      .action(async (...given: readonly unknown[]) => {
        const command = given.at(-1) as Command;
        const flags = command.optsWithGlobals<Flags>();
        const door = await connect(flags);
        introduce(door);
        end(await act(door, flags, ...(given.slice(0, -2) as readonly (string | undefined)[])));
      });

  program.commandsGroup("Roll out:");
  addRollouts(verb);
  program.commandsGroup("Look:");
  addReading(verb);
  program.commandsGroup("Steer a rollout; without a name the one that runs:");
  addSteering(verb);
  program.commandsGroup("Steer the whole environment:");
  addControls(verb);
  return program;
}

type Verb = (usage: string, description: string, act: Act) => Command;

function addRollouts(verb: Verb): void {
  const plan = verb(
    "plan [action] [name]",
    "show what an action would do: stage or promote RELEASE, rollback or retry ROLLOUT",
    (door, flags, action, name) => showPlan(door, readEvent(flags, action, name), flags),
  );
  withEvent(withStrategy(withExclusion(withSelection(plan))));
  for (const action of ["stage", "promote"]) {
    const where = action === "stage" ? "staging" : "production";
    const flip = verb(
      `${action} [release]`,
      `move customers to the ${where} servers: shows the plan, and asks`,
      (door, flags, release) => rollOut(door, readEvent(flags, action, release), flags),
    );
    withRollout(withEvent(withStrategy(withExclusion(withSelection(flip)))));
  }
  const rollback = verb(
    "rollback [rollout]",
    "restore exactly the customers that a rollout flipped",
    (door, flags, rolloutId) => rollOut(door, readEvent(flags, "rollback", rolloutId), flags),
  );
  withRollout(withEvent(rollback)).option("--release <release>", "instead of a rollout: the release's last rollout");
  const retry = verb(
    "retry [rollout]",
    "flip the customers of a rollout that failed or were not attempted: shows the plan, and asks",
    (door, flags, rolloutId) => rollOut(door, readEvent(flags, "retry", rolloutId), flags),
  );
  withRollout(withEvent(withStrategy(withExclusion(retry))));
}

function readEvent(flags: Flags, action: string | undefined, name: string | undefined): Event {
  const file = flags.event === undefined ? {} : readEventFile(String(flags.event));
  const event = toEvent(toEventFlags(flags, action, name), file);
  return { requestedBy: userInfo().username, ...event };
}

function addReading(verb: Verb): void {
  verb(
    "status [rollout]",
    "show a rollout; without a name the one that runs, or the last",
    async (door, flags, rolloutId) => {
      const now = await askStatus(door, { rolloutId });
      const answer = flags.watch && !hasEnded(now) ? await follow(door, { rolloutId: now.rolloutId }) : now;
      printAnswer(answer, flags);
      return toExitCode(answer);
    },
  ).option("--watch", "until the rollout has ended");
  verb("list", "show the last rollouts", listRollouts);
  verb(
    "customers [rollout]",
    "show every customer of a rollout; without a name the one that runs, or the last",
    async (door, flags, name) => {
      const rolloutId = name ?? (await askStatus(door, {})).rolloutId;
      const wave = flags.wave === undefined ? undefined : Number(flags.wave);
      return listCustomers(door, { rolloutId, outcome: flags.outcome, wave }, flags);
    },
  )
    .option("--csv", "print CSV")
    .option("--outcome <outcome>", "only with this outcome: flipped, unchanged, skipped, failed, restored, …")
    .option("--wave <number>", "only those that this wave flips");
  verb("controls", "show the stop switch, the held releases and the protected customers", showControls);
}

function addSteering(verb: Verb): void {
  const commands = {
    pause: "flip no further customer for a while",
    resume: "end a pause",
    "skip-bake": "end this bake; the gate still decides",
    "skip-all-bakes": "end this bake, and skip the later ones; the gates still decide",
    abort: "end a rollout, and restore what it flipped",
  };
  for (const [command, description] of Object.entries(commands)) {
    const steered = verb(`${command} [rollout]`, description, (door, flags, rolloutId) => {
      const { minutes, rollback } = flags;
      const members = { command, rolloutId, rollback, minutes: minutes === undefined ? undefined : Number(minutes) };
      return steer(door, members, toSender(flags), flags);
    });
    withSender(steered);
    if (command === "pause") steered.option("--minutes <minutes>", "how long; an hour if not given");
    if (command === "abort") steered.option("--no-rollback", "leave every customer as it is");
  }
}

function addControls(verb: Verb): void {
  const control = (usage: string, description: string, toMembers: (flags: Flags, name?: string) => object) =>
    withSender(
      verb(usage, description, (door, flags, name) =>
        changeControls(door, { ...toMembers(flags, name) }, toSender(flags), flags),
      ),
    );
  control("stop", "stop everything: no rollout flips a customer", () => ({ command: "stop-everything" }));
  control("go", "end the stop", () => ({ command: "resume-everything" }));
  control("hold <release>", "refuse every event that stages or promotes a release", (_flags, release) => ({
    command: "hold-release",
    release,
  }));
  control("release <release>", "end the hold of a release", (_flags, release) => ({
    command: "clear-release",
    release,
  }));
  const ids = ({ customerId, referenceId }: Flags) => ({ customerIds: customerId, referenceIds: referenceId });
  const CUSTOMER = ["--customer-id <id>", "their ids", collect] as const;
  control("protect", "never flip these customers", (flags) => ({ command: "protect", ...ids(flags) }))
    .option(...CUSTOMER)
    .option("--reference-id <id>", "their reference ids", collect);
  control("unprotect", "end the protection of customers", (flags) => ({ command: "unprotect", ...ids(flags) })).option(
    ...CUSTOMER,
  );
}

function withSender(command: Command): Command {
  return command
    .option("--by <name>", "who asks; your user name if not given")
    .option("--reason <text>", "why; asked on a terminal if not given");
}

function toSender({ by, reason }: Flags) {
  return { requestedBy: (by as string | undefined) ?? userInfo().username, reason: reason as string | undefined };
}

/** The first line on a terminal: where this goes, and as which identity. */
function introduce({ environment, baseUrl, account, region, identity }: Door): void {
  if (!isLive()) return;
  const style = /prod/i.test(environment) ? "red" : "dim";
  const facts = [environment, baseUrl, `account ${account} ${region}`, identity].filter(Boolean).join(", ");
  for (const text of wrap(facts, findColumns())) say({ text, style });
}
