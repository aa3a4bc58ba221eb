import { parseArgs } from "node:util";
import type { Request, Result, Setup } from "./contenders/contest.ts";
import { findCurl, flipByCurl } from "./contenders/curl.ts";
import {
  type Child,
  type EmulatorProcess,
  readCustomerIds,
  setFaults,
  startChild,
  startEmulatorProcess,
} from "./support/children.ts";
import { type Figures, median, printFigures, round } from "./support/figures.ts";

const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    "slow-rounds": { type: "string", default: "1" },
    concurrency: { type: "string", default: "16" },
  },
});
const concurrency = Number(values.concurrency);
const CURL_FLIPS = 400;
const CURL_ROUNDS = 2;

const curlVersion = await findCurl();
const contenders = new Map<string, Child>();
const emulator = await startEmulatorProcess({ customers: values.customers, "staging-share": 0 });
const { end: _end, ...address } = emulator;
const setup: Setup = { emulator: address, ids: await readCustomerIds(emulator), concurrency };
const ledger = startChild(new URL("./support/ledger-process.ts", import.meta.url));
const environment = await ledger.ask<Record<string, string>>(setup.emulator);
contenders.set("fetch", startChild(new URL("./contenders/bare-fetch.ts", import.meta.url)));
contenders.set("client", startChild(new URL("./contenders/client.ts", import.meta.url)));
contenders.set("rollout", startChild(new URL("./contenders/rollout.ts", import.meta.url), { environment }));
for (const child of contenders.values()) await child.ask({ setup } satisfies Request);

let isStaging = false;
const figures: Record<string, Figures[string]> = {};
await contest("0ms", "", Number(values.rounds));
await contest("20ms", "latency=20", Number(values["slow-rounds"]));
await endAll([...contenders.values(), ledger, emulator]);
printFigures(figures);

/** Runs the contenders in turn, round after round, so that all have the same noise. */
async function contest(name: string, faults: string, rounds: number): Promise<void> {
  await setFaults(emulator, faults);
  const results = new Map<string, Result[]>();
  const keep = (contender: string, result: Result) => {
    results.set(contender, [...(results.get(contender) ?? []), result]);
    const { flips, seconds } = result;
    console.log(`${name} ${contender}: ${flips} flips in ${round(seconds, 2)} s`);
  };
  const flips = setup.ids.length;
  for (let index = 0; index <= rounds; index += 1) {
    if (index === 0) console.log(`${name}: the first round only warms up`);
    if (index === 1) results.clear();
    for (const [contender, child] of rotate([...contenders], index)) {
      isStaging = !isStaging;
      keep(contender, await child.ask<Result>({ isStaging, flips } satisfies Request));
    }
  }
  if (curlVersion !== undefined && name === "0ms") {
    for (let index = 0; index < CURL_ROUNDS; index += 1) keep("curl", await flipByCurl(setup, !isStaging, CURL_FLIPS));
    for (const id of setup.ids.slice(0, CURL_FLIPS)) await setFlag(emulator, id, isStaging);
  }
  addFigures(name, results);
}

function addFigures(name: string, results: ReadonlyMap<string, readonly Result[]>): void {
  const fetches = toSpeeds(results.get("fetch"));
  for (const [contender, all] of results) {
    figures[`${name} ${contender} flips/s`] = round(median(toSpeeds(all)));
    figures[`${name} ${contender} cpu µs/flip`] = round(
      median(all.map(({ flips, cpuSeconds }) => (cpuSeconds * 1e6) / flips)),
    );
  }
  const parts = results.get("rollout")?.map((result) => ({ ...result, seconds: result.partSeconds ?? Number.NaN }));
  figures[`${name} rollout's flip parts flips/s`] = round(median(toSpeeds(parts)));
  figures[`${name} client / fetch`] = round(ratio(toSpeeds(results.get("client")), fetches), 2);
  figures[`${name} rollout's flip parts / fetch`] = round(ratio(toSpeeds(parts), fetches), 2);
  figures[`${name} rollout, event to report / fetch`] = round(ratio(toSpeeds(results.get("rollout")), fetches), 2);
  const curls = toSpeeds(results.get("curl"));
  if (curls.length > 0) {
    figures[`${name} client / curl`] = round(median(toSpeeds(results.get("client"))) / median(curls), 1);
  } else if (curlVersion === undefined) {
    figures[`${name} curl`] = "left out: not installed here";
  }
}

function toSpeeds(results: readonly Result[] = []): readonly number[] {
  return results.map(({ flips, seconds }) => flips / seconds);
}

/** The median of the ratios in each round: noise slows all contenders of a round. */
function ratio(own: readonly number[], others: readonly number[]): number {
  return median(own.map((speed, index) => speed / (others[index] ?? Number.NaN)));
}

function rotate<Item>(items: readonly Item[], by: number): readonly Item[] {
  return [...items.slice(by % items.length), ...items.slice(0, by % items.length)];
}

async function setFlag({ address }: EmulatorProcess, id: string, flag: boolean): Promise<void> {
  await fetch(`${address}/emulator/customers/${id}`, { method: "PUT", body: JSON.stringify({ isStaging: flag }) });
}

async function endAll(processes: readonly { end(): Promise<void> }[]): Promise<void> {
  for (const each of processes) await each.end();
}
