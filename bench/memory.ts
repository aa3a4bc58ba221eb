import { parseArgs } from "node:util";
import { startChild, startEmulatorProcess } from "./support/children.ts";
import { type Figures, printFigures, round } from "./support/figures.ts";
import type { HandlerRun } from "./support/handler-process.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000,1000000" },
    "most-flips": { type: "string", default: "20000" },
    "node-options": { type: "string", default: "--max-old-space-size=921 --max-semi-space-size=51" },
  },
});
const sizes = values.sizes.split(",").map(Number);
/** As Lambda starts Node in a function of 1,024 MB: nine tenths for old objects, a twentieth for young ones. */
const execArgv = values["node-options"].split(" ").filter(Boolean);

const figures: Record<string, Figures[string]> = { "node options": execArgv.join(" ") || "none" };
const peaks = new Map<number, number>();
for (const customers of sizes) await measure(customers);
const [reference, last] = [sizes.find((size) => size >= 10_000), sizes.at(-1)];
if (reference !== undefined && last !== undefined && last > reference) {
  figures[`peak ${last} / ${reference}`] = round((peaks.get(last) ?? 0) / (peaks.get(reference) ?? 0), 2);
}
printFigures(figures);

async function measure(customers: number): Promise<void> {
  const flips = Math.min(0.3 * customers, Number(values["most-flips"]));
  const emulator = await startEmulatorProcess({ customers, "staging-share": flips / customers });
  const ledger = startChild(new URL("./support/ledger-process.ts", import.meta.url));
  const { end: _end, ...address } = emulator;
  const environment = await ledger.ask<Record<string, string>>(address);
  const handler = startChild(new URL("./support/handler-process.ts", import.meta.url), { execArgv, environment });
  const run = await handler.ask<HandlerRun>(address);
  for (const each of [handler, ledger, emulator]) await each.end();
  peaks.set(customers, run.peakBytes);
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

function toMb(bytes: number): number {
  return round(bytes / 2 ** 20);
}
