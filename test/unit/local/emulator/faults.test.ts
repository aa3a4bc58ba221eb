import { type Emulator, startEmulator } from "../../../../local/emulator/emulator.ts";
import { chaosFaults } from "../../../../local/emulator/fault-names.ts";
import { FaultSpecError, parseFaults } from "../../../../local/emulator/faults.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";
import { browse, flip, getFirst, list, type Shown, type ShownCustomer } from "./browse.ts";

let emulator: Emulator;
let id: string;

beforeEach(async () => {
  emulator = await startEmulator({ customers: 60, stagingShare: 0, seed: 3 });
  id = getFirst(emulator);
});

afterEach(() => emulator.close());

const firstIds = (count: number) => [...emulator.customers()].slice(0, count).map((customer) => customer.id);
const isStaging = (): boolean | undefined => emulator.customer(id)?.isStaging;

test("a specification with mistakes is refused with every mistake", () => {
  const flags = "dates=julian,latency-tail=0.1,refuse-curl=yes";
  const read = (): unknown => parseFaults(`latency=fast,drop-befor=0.1,too-many=2,${flags},latency=1,page-cap=0`);
  expect(read).toThrow(FaultSpecError);
  for (const problem of [
    "latency=fast: expected a whole number",
    "drop-befor is not a fault: did you mean drop-before?",
    "too-many=2: expected a share",
    "dates=julian: expected one of iso, ms",
    "latency-tail=0.1: expected SHARE:MILLISECONDS",
    "refuse-curl=yes: expected on or off",
    "latency is given twice",
    "page-cap=0: expected a whole number from 1",
  ]) {
    expect(read).toThrow(problem);
  }
});

test("a share is a number or a percentage, 1 by default, and overrides chaos", () => {
  const { shares, numbers, flags } = parseFaults(
    " no-reply = 0, drop-after, chaos=2% ,wrong-total=-3,hide-breadcrumb=off",
  );
  expect(shares.get("drop-after")).toBe(1);
  expect(shares.get("no-reply")).toBe(0);
  expect(shares.get("half-json")).toBe(0.02);
  expect([...shares.keys()].sort()).toEqual([...chaosFaults].sort());
  expect(numbers["wrong-total"]).toBe(-3);
  expect(flags.size).toBe(0);
});

test.each([
  ["drop-before", false],
  ["drop-after", true],
])("under %s the connection breaks and written is %p", async (fault, expected) => {
  emulator.setFaults(fault);
  await expect(flip(emulator, id, true)).rejects.toThrow("fetch failed");
  expect(isStaging()).toBe(expected);
});

test.each([
  ["html-login", 200, "no JSON", false],
  ["redirect", 302, "no JSON", false],
  ["too-many", 429, undefined, false],
  ["old-flag", 200, false, true],
  ["lost-write", 200, false, false],
  ["no-flag", 200, undefined, true],
  ["apply-silently-not", 200, true, false],
  ["done-but=409", 409, undefined, true],
])("under %s the reply is a %d with the flag %p, and written is %p", async (fault, status, shownFlag, written) => {
  emulator.setFaults(fault);
  const reply = await flip(emulator, id, true);
  const shown = reply.body === undefined ? "no JSON" : reply.body.isStaging;
  expect([reply.status, shown, isStaging()]).toEqual([status, shownFlag, written]);
  expect(emulator.customer(id)?.writes).toBe(written ? 1 : 0);
});

test("other-id shows another customer's id", async () => {
  emulator.setFaults("other-id");
  const other = (await flip(emulator, id, true)).body;
  expect(other.id).not.toBe(id);
  expect(emulator.customer(other.id)).toBeDefined();
  expect(isStaging()).toBe(true);
});

test("half-json is cut in the middle, with and without the connection", async () => {
  emulator.setFaults("half-json");
  const endings = new Set<string>();
  for (const next of firstIds(20)) {
    const shown: Shown<ShownCustomer> | undefined = await flip(emulator, next, true).catch(() => undefined);
    endings.add(shown === undefined ? "broken off" : `${shown.status} ${shown.body}`);
    expect(emulator.customer(next)?.isStaging).toBe(true);
  }
  expect([...endings].sort()).toEqual(["200 undefined", "broken off"]);
});

test("no-reply writes or does not write, by the seed", async () => {
  emulator.setFaults("no-reply");
  const signal = AbortSignal.timeout(700);
  const aborted = firstIds(20).map((next) =>
    browse(emulator, `/customers/${next}/staging?isStaging=true`, { method: "POST", signal }).catch(
      (error: Error) => error.name,
    ),
  );
  expect(new Set(await Promise.all(aborted))).toEqual(new Set(["TimeoutError"]));
  const written = [...emulator.customers()].filter((customer) => customer.isStaging).length;
  expect(written).toBeGreaterThan(2);
  expect(written).toBeLessThan(18);
});

test("server errors are pages and responseStatus, and some writes are done", async () => {
  emulator.setFaults("error-5xx");
  const seen = new Set<string>();
  for (const next of firstIds(40)) {
    const { status, headers } = await flip(emulator, next, true);
    const written = emulator.customer(next)?.isStaging ? "written" : "not written";
    seen.add(`${status} ${headers.get("content-type")?.split(";")[0]} ${written}`);
  }
  expect([...seen].sort()).toEqual([
    "500 application/json not written",
    "502 text/html not written",
    "502 text/html written",
    "503 text/html not written",
  ]);
});

test("429 has Retry-After in seconds, as a date, or no Retry-After", async () => {
  emulator.setFaults("too-many,retry-after=7");
  const seen = new Set<string>();
  for (const next of firstIds(20)) {
    const later = (await browse(emulator, `/customers/${next}`)).headers.get("retry-after");
    seen.add(later === null || later === "7" ? String(later) : String(Date.parse(later) > Date.now() + 6000));
  }
  expect([...seen].sort()).toEqual(["7", "null", "true"]);
  expect(emulator.stats().refused429).toBe(20);
});

test("rows shift, pages repeat and totals move only in replies", async () => {
  const show = async (page: number): Promise<readonly string[]> =>
    (await list(emulator, `page=${page}&countPerPage=10`)).items.map((item) => item.id);
  const pages = await Promise.all([0, 1, 2].map(show));
  emulator.setFaults("repeat-page");
  expect(await show(2)).toEqual(pages[1]);
  emulator.setFaults("shifting-rows");
  const shifted = await show(2);
  expect(shifted).not.toEqual(pages[2]);
  expect(shifted).toHaveLength(10);
  expect(shifted.filter((shown) => pages[2]?.includes(shown)).length).toBeGreaterThanOrEqual(7);
  emulator.setFaults("wrong-total=+3");
  expect((await list(emulator, "")).totalCount).toBe(73);
  emulator.setFaults("moving-total");
  expect([69, 71]).toContain((await list(emulator, "")).totalCount);
});

test("breadcrumbs can be hidden or reversed, pages capped", async () => {
  emulator.setFaults("hide-breadcrumb,page-cap=7");
  const page = await list(emulator, "countPerPage=50");
  expect(page.items).toHaveLength(7);
  expect(page).toMatchObject({ totalCount: 70, totalPages: 10 });
  expect(page.items[0]).not.toHaveProperty("breadcrumb");
});

test("a reading shows the flag as it was before the lag, and a flip's own reply the new flag", async () => {
  emulator.setFaults("read-lag=600000");
  expect((await flip(emulator, id, true)).body).toMatchObject({ isStaging: true });
  expect((await browse<ShownCustomer>(emulator, `/customers/${id}`)).body).toMatchObject({ isStaging: false });
  expect(isStaging()).toBe(true);
  emulator.setFaults("");
  expect((await browse<ShownCustomer>(emulator, `/customers/${id}`)).body).toMatchObject({ isStaging: true });
});

test.each([
  { faults: "write-lag=20", replies: true },
  { faults: "late-write,late-after=20", replies: false },
])("with $faults a write is done later", async ({ faults, replies }) => {
  emulator.setFaults(faults);
  const flipping = flip(emulator, id, true).catch(() => undefined);
  if (replies) expect((await flipping)?.body).toMatchObject({ isStaging: true });
  while (isStaging() !== true) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(emulator.customer(id)?.writes).toBe(1);
});

test("a wait that is skipped counts for the lags of readings and writes", async () => {
  const read = async () => (await browse<ShownCustomer>(emulator, `/customers/${id}`)).body.isStaging;
  emulator.setFaults("write-lag=60000,read-lag=60000");
  await flip(emulator, id, true);
  expect(isStaging()).toBe(false);

  emulator.skip(60_000);
  expect([isStaging(), await read()]).toEqual([true, false]);

  emulator.skip(60_000);
  expect(await read()).toBe(true);
});

test("a share below one never hits the same request three times in a row", async () => {
  emulator.setFaults("error-5xx=0.9");
  for (const next of firstIds(20)) {
    const read = async () => (await browse(emulator, `/customers/${next}`)).status;
    expect([await read(), await read(), await read()][2]).toBe(200);
  }
  expect(emulator.stats().faults["error-5xx"]).toBeGreaterThan(25);
});

/** Flips each customer until it succeeds, and gives the result of each attempt. */
async function flipAll(target: Emulator, concurrency: number): Promise<ReadonlyMap<string, string>> {
  const waiting = [...target.customers()].map((customer) => customer.id);
  const seen = new Map<string, string>();
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const attempts: string[] = [];
      for (let attempt = 0; attempt < 3; attempt++) {
        const shown = await flip(target, next, true).catch(() => undefined);
        const { writes, isStaging } = target.customer(next) ?? {};
        attempts.push(`${shown?.status} ${shown?.body?.id} ${shown?.body?.isStaging} ${isStaging} ${writes}`);
      }
      seen.set(next, attempts.join(" | "));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return new Map([...seen].sort());
}

test("a run repeats by its seed, with any number of requests in flight", async () => {
  const run = async (seed: number, concurrency: number) => {
    const faults = "chaos=0.1,no-reply=0,latency-tail=0.2:5";
    const own = await startEmulator({ customers: 60, stagingShare: 0, faults, seed });
    const results = await flipAll(own, concurrency);
    expect(Object.keys(own.stats().faults).length).toBeGreaterThan(8);
    await own.close();
    return results;
  };
  const alone = await run(11, 1);
  expect(await run(11, 25)).toEqual(alone);
  expect([...(await run(12, 25)).values()]).not.toEqual([...alone.values()]);
});
