import fc from "fast-check";
import type { AlarmState } from "../../../lambda/core/reason-types.ts";
import type { EventPlan } from "./event-plan.ts";
import { expectNoLies } from "./expect-no-lies.ts";
import type { Mishap } from "./fake-evo-voice.ts";
import { customerId, type HistoryWorld } from "./history-world.ts";
import { type Execution, goOn, killProcess } from "./processes.ts";

/** One thing that happens in a history. Numbers choose among what there is, so that anything can be left out. */
export type Happening =
  | { readonly kind: "starts"; readonly event: EventPlan }
  | { readonly kind: "goes on"; readonly which: number; readonly steps: number; readonly choice: number }
  | Order
  | { readonly kind: "another system"; readonly customer: number; readonly flag: boolean }
  | { readonly kind: "mishap"; readonly customer: number; readonly mishap: Mishap }
  | { readonly kind: "alarm"; readonly state: AlarmState }
  | { readonly kind: "outage"; readonly calls: number }
  /** Everything stands still so long. */
  | { readonly kind: "time passes"; readonly seconds: number }
  /** `resumed`: Lambda goes on with it; `for good`: it does not, and knows; `zombie`: nor does it, but its process goes on. */
  | {
      readonly kind: "dies";
      readonly which: number;
      readonly how: "resumed" | "for good" | "zombie";
      readonly lands: boolean;
    }
  /** An alarm fires, the process that sees it dies as soon as that is written down, and then all is well again. */
  | { readonly kind: "alarm passes"; readonly which: number; readonly steps: number }
  /** It is a zombie from now on, and its rollback takes the lock and comes so far. */
  | { readonly kind: "is overtaken"; readonly which: number; readonly steps: number };

/** What people order: controls, and commands for one of the rollouts that run. */
export type Order =
  | { readonly kind: "command"; readonly which: number; readonly command: SentCommand }
  /** The answer to a rollout that waits for an approval; the front door takes no other. */
  | { readonly kind: "answer"; readonly which: number; readonly command: "approve" | "reject" }
  | { readonly kind: "freeze"; readonly minutes: number }
  | { readonly kind: "stop everything" | "resume everything" | "clear releases" | "lift freeze" }
  | { readonly kind: "hold"; readonly release: string }
  | { readonly kind: "protect" | "unprotect"; readonly customer: number };

type SentCommand =
  | { readonly command: "pause"; readonly pauseSeconds: number }
  | { readonly command: "resume" | "skip-bake" | "skip-all-bakes" }
  | { readonly command: "abort"; readonly rollback: boolean };

const RELEASES = ["2026.11", "2026.12"];
const which = fc.nat({ max: 5 });
const customer = fc.nat({ max: 9 });

const kind = <Kind extends string>(name: Kind) => fc.constant(name);

export const eventPlan: fc.Arbitrary<EventPlan> = fc.record({
  action: fc.constantFrom<EventPlan["action"][]>(
    ...(["promote", "promote", "stage", "rollback", "rollback", "rollback by release", "retry"] as const),
  ),
  of: which,
  targets: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(customer, { minLength: 1, maxLength: 5 }) },
  ),
  strategy: fc.constantFrom(
    undefined,
    "linear-40-percent-every-2-minutes",
    { waves: [{ cohort: "canary", bakeMinutes: 1 }, { rest: true }] },
    { waves: [{ customers: 1 }, { share: "30%", bakeMinutes: 3 }, { rest: true, bakeMinutes: 1 }] },
    {
      waves: [
        { customers: 1, bakeMinutes: 1 },
        { rest: true, approval: { hours: 0.5 } },
      ],
    },
    { waves: [{ customers: 1, approval: { hours: 0.5 } }, { rest: true }] },
  ),
  onFailure: fc.constantFrom(undefined, "rollback", "halt"),
  waits: fc.boolean(),
  dryRun: fc.nat({ max: 14 }).map((n) => n === 14),
  override: fc.nat({ max: 3 }).map((n) => n === 3),
});

const sentCommand: fc.Arbitrary<SentCommand> = fc.oneof(
  fc.record({ command: kind("pause"), pauseSeconds: fc.constantFrom(30, 90, 3_600) }),
  fc.record({ command: fc.constantFrom("resume" as const, "skip-bake" as const, "skip-all-bakes" as const) }),
  fc.record({ command: kind("abort"), rollback: fc.boolean() }),
);

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: kind("starts"), event: eventPlan }) },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: kind("goes on"),
      which,
      steps: fc.oneof(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 7, max: 40 }),
        fc.integer({ min: 40, max: 150 }),
      ),
      choice: fc.nat(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind("command"), which, command: sentCommand }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("stop everything" as const, "resume everything" as const) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("answer"),
      which,
      command: fc.constantFrom(...(["approve", "approve", "approve", "reject"] as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("freeze"), minutes: fc.constantFrom(1, 5, 60) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("lift freeze") }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("clear releases") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("hold"), release: fc.constantFrom(...RELEASES) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("protect" as const, "unprotect" as const), customer }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("another system"), customer, flag: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("mishap"),
      customer,
      mishap: fc.constantFrom<Mishap[]>("refused", "lost", "unheard"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("alarm"),
      state: fc.constantFrom<AlarmState[]>(
        ...(["OK", "OK", "OK", "OK", "ALARM", "ALARM", "ALARM", "INSUFFICIENT_DATA", "missing", "unreadable"] as const),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("time passes"), seconds: fc.integer({ min: 1, max: 14 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("outage"), calls: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind("alarm passes"), which, steps: fc.integer({ min: 5, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("is overtaken"), which, steps: fc.integer({ min: 5, max: 60 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("dies"),
      which,
      how: fc.constantFrom(...(["resumed", "resumed", "for good", "zombie", "zombie"] as const)),
      lands: fc.boolean(),
    }),
  },
);

/** Histories of so many happenings at most, as commands that fast-check shrinks. */
export function histories(maxCommands: number) {
  return fc.noBias(fc.commands([happening.map(toCommand)], { maxCommands, size: "max" }));
}

function toCommand(given: Happening): fc.AsyncCommand<object, HistoryWorld> {
  return {
    check: () => true,
    async run(_model, world) {
      await happen(world, given);
      expectNoLies(world);
    },
    toString: () => JSON.stringify(given),
  };
}

const WHO = { requestedBy: "ann", reason: "because" } as const;

async function happen(world: HistoryWorld, given: Happening): Promise<void> {
  switch (given.kind) {
    case "starts":
      await world.start(toEvent(toScene(world), given.event));
      return;
    case "goes on":
      return letGoOn(world, pick(running(world), given.which), given);
    case "another system":
      world.witness.setFlag(customerId(given.customer), given.flag);
      return;
    case "mishap":
      world.evoVoice.mishaps.set(customerId(given.customer), given.mishap);
      return;
    case "alarm":
      world.alarm = given.state;
      return;
    case "outage":
      world.outages += given.calls;
      return;
    case "time passes":
      world.clock.nowMs += given.seconds * 1_000;
      return;
    case "alarm passes":
      return passAlarm(world, pick(running(world), given.which), given.steps);
    case "is overtaken":
      return overtake(world, pick(running(world), given.which), given.steps);
    case "dies":
      return die(world, pick(running(world), given.which), given);
    default:
      return order(world.ledger, given, toScene(world), running(world));
  }
}

let sent = 0;

export async function order(
  ledger: HistoryWorld["ledger"],
  given: Order,
  { nowMs, customerIds }: Scene,
  rollouts: readonly Pick<Execution, "name">[],
): Promise<void> {
  const by = { ...WHO, at: new Date(nowMs).toISOString() };
  switch (given.kind) {
    case "command": {
      const rollout = pick(rollouts, given.which);
      if (rollout === undefined) return;
      sent += 1;
      await ledger.addCommand(rollout.name, { ...by, id: `command-${sent}`, ...given.command });
      return;
    }
    case "answer": {
      const rollout = pick(rollouts, given.which);
      const { lastEvent } = (rollout && (await ledger.findRollout(rollout.name))) ?? {};
      if (rollout === undefined || lastEvent?.change !== "approval asked") return;
      sent += 1;
      const answer = { ...by, id: `command-${sent}`, command: given.command, wave: lastEvent.wave };
      await ledger.addCommand(rollout.name, answer);
      return;
    }
    case "freeze": {
      const until = new Date(nowMs + given.minutes * 60_000).toISOString();
      await ledger.changeControls({ ...by, change: "freeze", name: "fair", until });
      return;
    }
    case "lift freeze":
      await ledger.changeControls({ ...by, change: "lift-freeze", name: "fair" });
      return;
    case "stop everything":
      await ledger.changeControls({ ...by, change: "stop-everything" });
      return;
    case "resume everything":
      await ledger.changeControls({ ...by, change: "resume-everything" });
      return;
    case "hold":
      await ledger.changeControls({
        ...by,
        change: "hold-release",
        release: given.release,
        hold: { action: "stage" },
      });
      return;
    case "clear releases":
      for (const release of RELEASES) await ledger.changeControls({ ...by, change: "clear-release", release: release });
      return;
    case "protect":
      await ledger.changeControls({
        ...by,
        change: "protect",
        customerIds: customerIds.slice(given.customer, given.customer + 1),
      });
      return;
    case "unprotect":
      await ledger.changeControls({
        ...by,
        change: "unprotect",
        customerIds: customerIds.slice(given.customer, given.customer + 1),
      });
      return;
  }
}

export async function letGoOn(
  world: HistoryWorld,
  execution: Execution | undefined,
  { steps, choice }: { readonly steps: number; readonly choice: number },
): Promise<void> {
  let next = choice;
  for (let step = 0; step < steps && execution?.process !== undefined; step += 1) {
    await goOn(execution.process, world.clock, next);
    next = (next * 48_271 + 1) % 0x7fffffff;
  }
}

async function die(
  world: HistoryWorld,
  execution: Execution | undefined,
  { how, lands }: Extract<Happening, { readonly kind: "dies" }>,
): Promise<void> {
  if (execution?.process === undefined) return;
  if (how !== "resumed") execution.isRunning = false;
  if (how === "zombie") return;
  killProcess(execution.process, lands);
  // What Lambda has said is over it never goes on with.
  if (how === "resumed" && execution.isRunning) await world.resume(execution);
}

async function passAlarm(world: HistoryWorld, execution: Execution | undefined, steps: number): Promise<void> {
  if (execution === undefined) return;
  world.alarm = "ALARM";
  const isNoted = async () => (await world.ledger.readGateInputs(execution.name)).stop !== undefined;
  for (let step = 0; step < steps && !(await isNoted()); step += 1)
    await letGoOn(world, execution, { steps: 1, choice: step });
  await die(world, execution, { kind: "dies", which: 0, how: "resumed", lands: false });
  world.alarm = "OK";
}

async function overtake(world: HistoryWorld, execution: Execution | undefined, steps: number): Promise<void> {
  if (execution === undefined) return;
  execution.isRunning = false;
  const rollback = await world.start({ action: "rollback", rolloutId: execution.name });
  await letGoOn(world, rollback, { steps, choice: steps });
}

/** What an event can be about. */
export interface Scene {
  /** Those that were started so far. */
  readonly executions: readonly Pick<Execution, "name" | "event">[];
  readonly nowMs: number;
  readonly customerIds: readonly string[];
}

export function toEvent({ executions, nowMs, customerIds }: Scene, plan: EventPlan): object {
  const { action, of, targets, strategy, onFailure, waits, dryRun, override } = plan;
  const notAfter = new Date(nowMs + 3_600_000).toISOString();
  const common = { dryRun, ...(waits && { onBusy: "wait", notAfter }) };
  const inWaves = {
    ...(strategy !== undefined && { strategy }),
    ...(onFailure !== undefined && { onFailure }),
    ...(override && { override: { reason: "it is the fix" } }),
  };
  const rolloutId = pick(executions.filter(flips), of)?.name ?? "none";
  const release = RELEASES[of % RELEASES.length];
  switch (action) {
    case "stage":
    case "promote":
      return {
        ...common,
        ...inWaves,
        action,
        release,
        targets:
          targets.length === 0
            ? { all: true }
            : { customerIds: targets.flatMap((index) => pick(customerIds, index) ?? []) },
      };
    case "rollback":
      return { ...common, action, rolloutId };
    case "rollback by release":
      return { ...common, action: "rollback", release };
    case "retry":
      return { ...common, ...inWaves, action, rolloutId };
  }
}

export function toScene({ executions, clock, evoVoice }: HistoryWorld): Scene {
  return { executions, nowMs: clock.nowMs, customerIds: [...evoVoice.customers.keys()] };
}

function flips({ event }: Pick<Execution, "event">): boolean {
  return (event as { readonly action: string }).action !== "rollback";
}

/** Those that have a process: Lambda may know of it no more. */
export function running({ executions }: HistoryWorld): readonly Execution[] {
  return executions.filter(({ process }) => process !== undefined);
}

export function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % items.length];
}
