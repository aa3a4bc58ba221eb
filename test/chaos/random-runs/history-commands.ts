import fc from "fast-check";
import type { Attribution, ControlChange } from "../../../lambda/core/controls.ts";
import type { AlarmState } from "../../../lambda/core/reason-types.ts";
import { expectNoLies } from "./expect-no-lies.ts";
import type { Mishap } from "./fake-evo-voice.ts";
import { customerId, type HistoryWorld } from "./history-world.ts";
import { type Execution, goOn, killProcess } from "./processes.ts";

const RELEASES = ["2026.11", "2026.12"];
const which = fc.nat({ max: 5 });
const customer = fc.nat({ max: 9 });

type Drawn<Draw> = Draw extends fc.Arbitrary<infer Value> ? Value : never;

export type EventPlan = Drawn<typeof eventPlan>;
export const eventPlan = fc.record({
  action: fc.constantFrom(
    ...(["promote", "promote", "stage", "rollback", "rollback", "rollback by release", "retry"] as const),
  ),
  /** Which rollout a rollback or a retry is about, and which release a flip brings out. */
  of: which,
  targets: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.uniqueArray(customer, { minLength: 1, maxLength: 5 }) },
  ),
  strategy: fc.constantFrom<unknown>(
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

const sentCommand = fc.oneof(
  fc.record({ command: fc.constant("pause"), pauseSeconds: fc.constantFrom(30, 90, 3_600) }),
  fc.record({ command: fc.constantFrom("resume", "skip-bake", "skip-all-bakes") }),
  fc.record({ command: fc.constant("abort"), rollback: fc.boolean() }),
);

const weigh = <Facts>(weight: number, facts: { [Name in keyof Facts]: fc.Arbitrary<Facts[Name]> }) => ({
  weight,
  arbitrary: fc.record<Facts>(facts),
});

/** One thing that happens in a history. Numbers choose among what there is, so that anything can be left out. */
export type Happening = Drawn<typeof happening>;
export const happening = fc.oneof(
  weigh(4, { kind: fc.constant("starts"), event: eventPlan }),
  weigh(20, {
    kind: fc.constant("goes on"),
    which,
    steps: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 7, max: 40 }), fc.integer({ min: 40, max: 150 })),
    choice: fc.nat(),
  }),
  weigh(4, { kind: fc.constant("command"), which, command: sentCommand }),
  weigh(1, { kind: fc.constantFrom("stop everything", "resume everything") }),
  // The answer to a rollout that waits for an approval; the front door takes no other.
  weigh(6, {
    kind: fc.constant("answer"),
    which,
    command: fc.constantFrom(...(["approve", "approve", "approve", "reject"] as const)),
  }),
  weigh(1, { kind: fc.constant("freeze"), minutes: fc.constantFrom<number>(1, 5, 60) }),
  weigh(1, { kind: fc.constant("lift freeze") }),
  weigh(2, { kind: fc.constant("clear releases") }),
  weigh(1, { kind: fc.constant("hold"), release: fc.constantFrom(...RELEASES) }),
  weigh(1, { kind: fc.constantFrom("protect", "unprotect"), customer }),
  weigh(4, { kind: fc.constant("another system"), customer, flag: fc.boolean() }),
  weigh(2, { kind: fc.constant("mishap"), customer, mishap: fc.constantFrom<Mishap>("refused", "lost", "unheard") }),
  weigh(2, {
    kind: fc.constant("alarm"),
    state: fc.constantFrom<AlarmState[]>(
      ...(["OK", "OK", "OK", "OK", "ALARM", "ALARM", "ALARM", "INSUFFICIENT_DATA", "missing", "unreadable"] as const),
    ),
  }),
  // Everything stands still so long.
  weigh(2, { kind: fc.constant("time passes"), seconds: fc.integer({ min: 1, max: 14 }) }),
  weigh(1, { kind: fc.constant("outage"), calls: fc.integer({ min: 1, max: 3 }) }),
  // An alarm fires, the process that sees it dies as soon as that is written down, and then all is well again.
  weigh(1, { kind: fc.constant("alarm passes"), which, steps: fc.integer({ min: 5, max: 60 }) }),
  // It is a zombie from now on, and its rollback takes the lock and comes so far.
  weigh(2, { kind: fc.constant("is overtaken"), which, steps: fc.integer({ min: 5, max: 60 }) }),
  weigh(4, {
    kind: fc.constant("dies"),
    which,
    // Lambda goes on with it; it does not, and knows; nor does it, but its process goes on.
    how: fc.constantFrom(...(["resumed", "resumed", "for good", "zombie", "zombie"] as const)),
    lands: fc.boolean(),
  }),
);

/** What people order: controls, and commands for one of the rollouts that run. */
export type Order =
  | Extract<Happening, { readonly kind: "command" | "answer" | "freeze" | "lift freeze" | "hold" | "clear releases" }>
  | Extract<Happening, { readonly kind: "stop everything" | "resume everything" | "protect" | "unprotect" }>;

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
      return void (await world.start(toEvent(toScene(world), given.event)));
    case "goes on":
      return letGoOn(world, pick(running(world), given.which), given);
    case "another system":
      return world.witness.setFlag(customerId(given.customer), given.flag);
    case "mishap":
      return void world.evoVoice.mishaps.set(customerId(given.customer), given.mishap);
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

export async function order(
  ledger: HistoryWorld["ledger"],
  given: Order,
  scene: Scene,
  rollouts: readonly Pick<Execution, "name">[],
): Promise<void> {
  const by = { ...WHO, at: new Date(scene.nowMs).toISOString() };
  if (given.kind !== "command" && given.kind !== "answer") {
    for (const change of toChanges(given, scene, by)) await ledger.changeControls(change);
    return;
  }
  const rollout = pick(rollouts, given.which);
  if (rollout === undefined) return;
  sent += 1;
  const command = { ...by, id: `command-${sent}` };
  if (given.kind === "command") return void (await ledger.addCommand(rollout.name, { ...command, ...given.command }));
  const { lastEvent } = (await ledger.findRollout(rollout.name)) ?? {};
  if (lastEvent?.change !== "approval asked") return;
  await ledger.addCommand(rollout.name, { ...command, command: given.command, wave: lastEvent.wave });
}

let sent = 0;

function toChanges(
  given: Exclude<Order, { readonly kind: "command" | "answer" }>,
  { nowMs, customerIds }: Scene,
  by: Attribution,
): readonly ControlChange[] {
  switch (given.kind) {
    case "freeze": {
      const until = new Date(nowMs + given.minutes * 60_000).toISOString();
      return [{ ...by, change: "freeze", name: "fair", until }];
    }
    case "lift freeze":
      return [{ ...by, change: "lift-freeze", name: "fair" }];
    case "stop everything":
      return [{ ...by, change: "stop-everything" }];
    case "resume everything":
      return [{ ...by, change: "resume-everything" }];
    case "hold":
      return [{ ...by, change: "hold-release", release: given.release, hold: { action: "stage" } }];
    case "clear releases":
      return RELEASES.map((release) => ({ ...by, change: "clear-release", release }));
    default:
      return [{ ...by, change: given.kind, customerIds: customerIds.slice(given.customer, given.customer + 1) }];
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
