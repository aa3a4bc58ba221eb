import { parseArgs } from "node:util";
import { toWaves } from "../lambda/contract/strategy.ts";
import { type Candidate, createCandidates } from "../lambda/core/plan/candidates.ts";
import { planRollout, toBatches, toSettled } from "../lambda/core/plan/plan.ts";
import { printFigures, round, toMb } from "./support/figures.ts";
import { nameCustomer } from "./support/names.ts";

const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "1000000" },
    strategy: { type: "string", default: "linear-5-percent-every-30-minutes" },
    "family-size": { type: "string", default: "4" },
  },
});
const customers = Number(values.customers);
const familySize = Number(values["family-size"]);
const gc = globalThis.gc ?? (await enableGc());

const before = measureBytes();
const collected = createCandidates({ release: "release-1", wantedFlag: false });
const add = measure(() => {
  for (const customer of found(customers)) collected.add(JSON.parse(JSON.stringify(customer)) as Candidate);
});
const foundBytes = measureBytes() - before;
const { result: inWaves, ...sort } = measure(() =>
  collected.toWaves((flips) => toWaves(values, { strategies: {} }, flips)),
);
const plannedBytes = measureBytes() - before;
const { result: plan, ...planning } = measure(() => planRollout({ action: "promote", release: "release-1" }, inWaves));
const { result: items, ...packing } = measure(() => countAll(toBatches(inWaves)) + countAll(toSettled(inWaves)));
if (items !== plan.batches + plan.settledItems) throw new Error("the plan counts its items wrongly");

printFigures({
  customers,
  "family size": familySize,
  "add seconds": round(add.seconds, 2),
  "sort seconds": round(sort.seconds, 2),
  "plan seconds": round(planning.seconds, 2),
  "pack seconds": round(packing.seconds, 2),
  "bytes/customer before sorting": round(foundBytes / customers, 1),
  "bytes/customer in waves": round(plannedBytes / customers, 1),
  "id and name bytes/customer": round(bytesOfTexts() / customers, 1),
  "peak MB": toMb(process.resourceUsage().maxRSS * 1024),
  waves: plan.waves.length,
  batches: plan.batches,
  "settled items": plan.settledItems,
});

/**
 * A third of the customers is on staging, a hundredth is protected; ids and names are as long as in the emulator. Each
 * family has a parent and its children.
 */
function* found(count: number): Generator<Candidate> {
  for (let index = 0; index < count; index += 1) {
    const parent = index - (index % familySize);
    const isChild = index !== parent;
    const customer = {
      ...nameCustomer(index),
      referenceId: `REF-${String(index).padStart(6, "0")}`,
      isStaging: index % 3 === 0,
      ...(isChild && { ancestorIds: [nameCustomer(parent).id] }),
    };
    yield index % 100 === 7 ? { ...customer, skip: { code: "protected-by-policy", by: "tag", tag: "vip" } } : customer;
  }
}

function bytesOfTexts(): number {
  let bytes = 0;
  for (const { id, name } of found(customers)) bytes += Buffer.byteLength(id) + Buffer.byteLength(name);
  return bytes;
}

function countAll(all: Iterable<unknown>): number {
  let count = 0;
  for (const _each of all) count += 1;
  return count;
}

function measure<Result>(work: () => Result): { readonly result: Result; readonly seconds: number } {
  const startedMs = performance.now();
  const result = work();
  return { result, seconds: (performance.now() - startedMs) / 1000 };
}

function measureBytes(): number {
  for (let times = 0; times < 3; times += 1) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** As `node --expose-gc`, without the option. */
async function enableGc(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
