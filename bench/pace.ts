import { parseArgs } from "node:util";
import type { Request, Result, Setup } from "./contenders/contest.ts";
import { readCustomerIds, readStats, startChild, startEmulatorProcess } from "./support/children.ts";
import { printFigures, round } from "./support/figures.ts";

const { values } = parseArgs({
  options: {
    flips: { type: "string", default: "2000" },
    "server-limit": { type: "string", default: "100" },
    start: { type: "string", default: "10" },
    most: { type: "string", default: "1000" },
  },
});
const limit = Number(values["server-limit"]);
const emulator = await startEmulatorProcess({
  customers: values.flips,
  "staging-share": 0,
  faults: `rate-limit=${limit}`,
});
const { end: _end, ...address } = emulator;
const setup: Setup = {
  emulator: address,
  ids: await readCustomerIds(emulator),
  concurrency: 16,
  pace: { startPerSecond: Number(values.start), minPerSecond: 1, maxPerSecond: Number(values.most) },
};
const client = startChild(new URL("./contenders/client.ts", import.meta.url));
await client.ask({ setup } satisfies Request);
const { flips, seconds } = await client.ask<Result>({ isStaging: true, flips: setup.ids.length } satisfies Request);
const { requests, refused429 } = await readStats(emulator);
await client.end();
await emulator.end();

const sent = Object.values(requests).reduce((sum, count) => sum + count, 0);
printFigures({
  "server limit/s": limit,
  flips,
  seconds: round(seconds, 1),
  "seconds / ideal": round(seconds / (flips / limit), 2),
  "requests sent": sent,
  "requests refused": refused429,
  "refused %": round((100 * refused429) / sent, 2),
});
