import { parseArgs } from "node:util";
import { toBakeInterval } from "../lambda/core/gate/poll-interval.ts";
import { type EmulatorProcess, startChild, startEmulatorProcess } from "./support/children.ts";
import { DEPLOYED_NODE_OPTIONS } from "./support/deployed-node-options.ts";
import { type Figures, printFigures, round, toMb } from "./support/figures.ts";
import type { HandlerRequest, HandlerRun } from "./support/handler-process.ts";
import type { LedgerRequest } from "./support/ledger-process.ts";
import type { Order } from "./support/worker.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "100000,1000000" },
    "rollback-sizes": { type: "string", default: "100000" },
    "most-flips": { type: "string", default: "100000" },
    waves: { type: "string", default: "20" },
    "bake-minutes": { type: "string", default: "30" },
    "node-options": { type: "string", default: DEPLOYED_NODE_OPTIONS },
  },
});
const sizes = values.sizes.split(",").map(Number);
const rollbackSizes = values["rollback-sizes"].split(",").filter(Boolean).map(Number);
const waves = Number(values.waves);
const bakeMinutes = Number(values["bake-minutes"]);
const execArgv = values["node-options"].split(" ").filter(Boolean);

const figures: Record<string, Figures[string]> = {
  "node options": execArgv.join(" ") || "none",
  waves,
  "bake minutes": bakeMinutes,
};
for (const customers of sizes) await measure(customers);
printFigures(figures);

/** Promotes all customers in waves. If asked, stages them again, until the alarm of the last bake rolls everything back. */
async function measure(customers: number): Promise<void> {
  const flips = Math.min(customers, Number(values["most-flips"]));
  const emulator = await startEmulatorProcess({ customers, "staging-share": flips / customers });
  try {
    keep(`${customers}`, await run(emulator, { action: "promote" }), "proceed");
    if (rollbackSizes.includes(customers)) {
      const order = { action: "stage", status: "rolled-back" } as const;
      keep(`${customers} rolled back`, await run(emulator, order, toCallInLastBake()), "roll back");
    }
  } finally {
    await emulator.end();
  }
}

/** In a process of its own, with a ledger of its own. */
async function run(
  { end: _end, ...emulator }: EmulatorProcess,
  order: Order,
  alarmAtCall?: number,
): Promise<HandlerRun & { readonly seconds: number }> {
  const ledger = startChild(new URL("./support/ledger-process.ts", import.meta.url));
  const environment = await ledger.ask<Record<string, string>>({ ...emulator, alarmAtCall } satisfies LedgerRequest);
  const handler = startChild(new URL("./support/handler-process.ts", import.meta.url), { execArgv, environment });
  const startedMs = performance.now();
  const ended = await handler.ask<HandlerRun>({
    emulator,
    order: { ...order, strategy: toStrategy() },
    watchesAlarm: true,
  } satisfies HandlerRequest);
  const seconds = (performance.now() - startedMs) / 1000;
  for (const each of [handler, ledger]) await each.end();
  return { ...ended, seconds };
}

/** Equal shares, each with its bake, the last one too. */
function toStrategy(): Order["strategy"] {
  const share = `${round(100 / waves, 2)}%`;
  const wave = { share, bakeMinutes };
  return { waves: [...Array.from({ length: waves - 1 }, () => wave), { rest: true, bakeMinutes }] };
}

/**
 * The alarm is read once before the first flip, twice in each wave that takes less than a minute, by its flips and by
 * its verification, and at each poll of a bake. The middle of the last bake leaves room for waves that take longer.
 */
function toCallInLastBake(): number {
  const bakeSeconds = bakeMinutes * 60;
  const laterPolls = Math.ceil(bakeSeconds / toBakeInterval(Array(waves).fill(bakeSeconds)));
  const readingsOfWave = 2 + 1 + laterPolls;
  return 1 + (waves - 1) * readingsOfWave + 2 + Math.ceil(laterPolls / 2);
}

function keep(name: string, run: HandlerRun & { readonly seconds: number }, last: string): void {
  const { decisions, steps, flipped, restored } = run;
  if (
    decisions.length !== waves ||
    decisions.at(-1) !== last ||
    decisions.slice(0, -1).some((one) => one !== "proceed")
  )
    throw new Error(`${name}: the gates decided ${decisions.join(", ")}`);
  console.log(`${name}: ${flipped} flipped in ${decisions.length} waves, ${restored} restored`);
  figures[`${name} flipped`] = flipped;
  figures[`${name} restored`] = restored;
  figures[`${name} durable operations`] = run.operations;
  figures[`${name} polls of the gates`] = steps.gate?.attempts ?? 0;
  figures[`${name} largest checkpoint bytes`] = run.largestPayloadBytes;
  figures[`${name} peak MB`] = toMb(run.peakBytes);
  for (const kind of ["look-up", "plan", "flip", "rollback-part"]) {
    const step = steps[kind];
    if (step === undefined) continue;
    figures[`${name} peak MB after ${kind}`] = toMb(step.peakBytes);
    figures[`${name} ${kind} seconds`] = round(step.seconds, 1);
  }
  figures[`${name} bakes seconds`] = round(steps.gate?.seconds ?? 0, 1);
  figures[`${name} seconds`] = round(run.seconds, 1);
}
