import { parseArgs } from "node:util";
import { startChild, startEmulatorProcess } from "./support/children.ts";
import { DEPLOYED_NODE_OPTIONS } from "./support/deployed-node-options.ts";
import { type Figures, printFigures, round, toMb } from "./support/figures.ts";
import type { HandlerRequest, HandlerRun } from "./support/handler-process.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000,1000000" },
    "most-flips": { type: "string", default: "20000" },
    "node-options": { type: "string", default: DEPLOYED_NODE_OPTIONS },
  },
});
const sizes = values.sizes.split(",").map(Number);
const execArgv = values["node-options"].split(" ").filter(Boolean);

const figures: Record<string, Figures[string]> = { "node options": execArgv.join(" ") || "none" };
const runs = new Map<number, HandlerRun>();
for (const customers of sizes) await measure(customers);
compare(10_000, Math.max(...sizes));
printFigures(figures);

/** The plan step has every candidate in memory; the memory of every other step does not depend on the number of customers. */
function compare(small: number, large: number): void {
  const [reference, run] = [runs.get(small), runs.get(large)];
  if (reference === undefined || run === undefined || large === small) return;
  const planBytes = (run.steps.plan?.peakBytes ?? 0) - (run.steps["look-up"]?.peakBytes ?? 0);
  figures[`${large} plan step's growth bytes/customer`] = round(planBytes / large, 1);
  figures[`peak ${large} / ${small}`] = round(run.peakBytes / reference.peakBytes, 2);
  figures[`peak ${large} / ${small} without the plan step's growth`] = round(
    (run.peakBytes - planBytes) / reference.peakBytes,
    2,
  );
}

async function measure(customers: number): Promise<void> {
  const flips = Math.min(0.3 * customers, Number(values["most-flips"]));
  const emulator = await startEmulatorProcess({ customers, "staging-share": flips / customers });
  const ledger = startChild(new URL("./support/ledger-process.ts", import.meta.url));
  const { end: _end, ...address } = emulator;
  const environment = await ledger.ask<Record<string, string>>(address);
  const handler = startChild(new URL("./support/handler-process.ts", import.meta.url), { execArgv, environment });
  const run = await handler.ask<HandlerRun>({
    emulator: address,
    order: { action: "promote" },
  } satisfies HandlerRequest);
  for (const each of [handler, ledger, emulator]) await each.end();
  runs.set(customers, run);
  console.log(`${customers} customers, ${run.flipped} flipped`);
  figures[`${customers} peak MB`] = toMb(run.peakBytes);
  for (const step of ["look-up", "plan", "flip"]) {
    const { seconds = 0, peakBytes = 0 } = run.steps[step] ?? {};
    figures[`${customers} ${step} seconds`] = round(seconds, 1);
    figures[`${customers} peak MB after ${step}`] = toMb(peakBytes);
  }
  figures[`${customers} flipped`] = run.flipped;
  figures[`${customers} durable operations`] = run.operations;
  figures[`${customers} largest checkpoint bytes`] = run.largestPayloadBytes;
}
