import fc from "fast-check";
import type { Report } from "../../../lambda/core/report/report.ts";
import { checkEnd, expectNoLies } from "./expect-no-lies.ts";
import { hasFlipped } from "./has-flipped.ts";
import { type EventPlan, eventPlan, letGoOn, order, running, toEvent, toScene } from "./history-commands.ts";
import { createHistoryWorld, type HistoryWorld } from "./history-world.ts";
import { goOn, type Process, sleepsUntil } from "./processes.ts";

type Commands = Parameters<typeof fc.asyncModelRun<object, HistoryWorld, boolean, object>>[1];

export const historyOptions = fc.record({
  /** How far the first rollout has come when anything else happens. */
  steps: fc.nat({ max: 120 }),
  staging: fc.array(fc.boolean(), { minLength: 5, maxLength: 12 }),
  crowd: fc.nat({ max: 29 }).map((n) => (n === 29 ? 400 : 0)),
  slowReplies: fc.boolean(),
  onFailure: fc.constantFrom("rollback" as const, "halt" as const),
  failureBudget: fc.constantFrom(0, 0, 2),
  /** What it begins with. */
  first: eventPlan.map(
    (plan): EventPlan => ({ ...plan, targets: [], action: plan.of % 2 === 0 ? "promote" : "stage" }),
  ),
});
export type HistoryOptions = typeof historyOptions extends fc.Arbitrary<infer Options> ? Options : never;

/** Far more than a history needs. */
const MOST_STEPS = 100_000;

/** Plays a history, lets everything end, then turns back whatever still stands; says how its rollouts ended. */
export async function runHistory(options: HistoryOptions, commands: Commands): Promise<readonly string[]> {
  const world = createHistoryWorld(options);
  const first = await world.start(toEvent(toScene(world), options.first));
  await letGoOn(world, first, { steps: options.steps, choice: options.steps });
  await fc.asyncModelRun(() => ({ model: {}, real: world }), commands as ReturnType<typeof Object>);
  await letAllEnd(world);
  await turnAllBack(world);
  const ends = world.executions.flatMap(({ result }) => (result as Report | undefined)?.status ?? []);
  return world.witness.locks.some(({ lock }) => lock.takenFrom !== undefined) ? [...ends, "taken over"] : ends;
}

/** From here on nothing stands in the way of anybody. */
async function letAllEnd(world: HistoryWorld): Promise<void> {
  world.alarm = "OK";
  world.outages = 0;
  world.evoVoice.mishaps.clear();
  await world.ledger.changeControls({
    change: "resume-everything",
    requestedBy: "ann",
    reason: "over",
    at: new Date(world.clock.nowMs).toISOString(),
  });
  for (let step = 0; running(world).length > 0; step += 1) {
    if (step > MOST_STEPS) throw new Error(`${running(world).map(({ name }) => name)} come to no end`);
    const process = pickNext(world, step);
    if (process !== undefined) await goOn(process, world.clock, step);
    expectNoLies(world);
  }
  for (const execution of world.executions) if (execution.result ?? execution.error) await checkEnd(world, execution);
  expectNoLies(world);
}

/** The processes that do not sleep, in turn; then the one that sleeps the shortest, so that no call takes longer than it may. */
function pickNext(world: HistoryWorld, step: number): Process | undefined {
  const all = running(world).flatMap(({ process }) => process ?? []);
  const awake = all.filter((process) => sleepsUntil(process) === undefined);
  if (awake.length > 0) return awake[step % awake.length];
  return all.toSorted((a, b) => (sleepsUntil(a) ?? 0) - (sleepsUntil(b) ?? 0))[0];
}

/** With nothing in the way but a freeze, each rollout that flipped can be turned back completely. */
async function turnAllBack(world: HistoryWorld): Promise<void> {
  await order(world.ledger, { kind: "freeze", minutes: 30 * 24 * 60 }, toScene(world), []);
  for (const { name } of world.executions.toReversed()) {
    const record = await world.ledger.findRollout(name);
    if (record?.plan === undefined || record.event.dryRun || record.event.action === "rollback") continue;
    const rollback = await world.start({ action: "rollback", rolloutId: name });
    for (let step = 0; rollback.process !== undefined; step += 1) await goOn(rollback.process, world.clock, step);
    const { rollback: counts, problems, exceptions = [] } = (rollback.result ?? {}) as Partial<Report>;
    if (problems?.some(({ code }) => code === "nothing-flipped") && !(await hasFlipped(world, name))) continue;
    // Another system moved it after its restore, and the verification leaves a protected customer.
    const { protectedIds } = await world.ledger.readControls();
    const left = exceptions.filter(
      ({ customerId, reason }) => reason.code === "not-applied" && protectedIds.includes(customerId),
    );
    if (counts?.failed !== left.length || problems !== undefined)
      world.witness.lies.push(`${name} could not be rolled back: ${JSON.stringify(rollback.result ?? rollback.error)}`);
    await checkEnd(world, rollback);
    expectNoLies(world);
  }
}
