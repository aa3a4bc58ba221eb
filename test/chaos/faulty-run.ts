import type { Report } from "../../lambda/core/report/report.ts";
import { expectTrueOutcomes, expectTrueReverts, expectUntouched, rememberFlags } from "../support/truth.ts";
import { startWorld } from "../support/world.ts";

/** Far more than any reply takes, on a machine several times slower, too: only a reply that never comes waits so long. */
export const REQUEST_TIMEOUT_MS = 1_000;
export const RETRIES = { attempts: 6, requestTimeoutMs: REQUEST_TIMEOUT_MS, mostBackoffMs: 20 };
export const POLICY = { failureBudget: "100%", retries: RETRIES };

/** Readings and writes that lag for as long as a verification waits for them. */
const LAGS = "read-lag=2000,write-lag=2000,late-write=2%,late-after=4000,apply-silently-not=2%";
export const EVERYTHING_OFTEN = `chaos=2%,${LAGS},retry-after=0,session-death=25,latency-tail=5%:1200,page-cap=60,sign-in-5xx=50%`;
export const EVERYTHING_AND_LIES =
  "chaos=1%,retry-after=0,session-death=80,shifting-rows=5%,repeat-page=5%,moving-total=5%";

export interface FaultyRunOptions {
  readonly faults?: string;
  /** Faults that begin with the first flip, so that the lookup is spared. */
  readonly fromFirstFlip?: string;
  readonly customers?: number;
  readonly seed?: number;
  readonly policy?: Readonly<Record<string, unknown>>;
}

export type FaultyRun = Awaited<ReturnType<typeof promoteUnder>>;

/** Promotes each customer that is neither excluded nor protected, while Evo Voice misbehaves. */
export async function promoteUnder({
  faults = "",
  fromFirstFlip,
  customers = 1_000,
  seed = 1,
  policy,
}: FaultyRunOptions) {
  const world = await startWorld({ customers, seed });
  const { emulator } = world;
  const all = [...emulator.customers()];
  const protectedIds = new Set(all.filter((_, index) => index % 97 === 0).map(({ id }) => id));
  const before = rememberFlags(world);
  emulator.setFaults(faults);
  const stopWaiting = emulator.onRequest(({ operation }) => {
    if (fromFirstFlip === undefined || operation !== "SetCustomerStagingMode") return;
    stopWaiting();
    emulator.setFaults(fromFirstFlip);
  });
  const { report } = await world.run(
    { action: "promote", release: "2026.11", targets: { all: true }, exclude: { tags: ["beta"] } },
    {
      protected: { customerIds: [...protectedIds], tags: ["do-not-move"] },
      ...policy,
    },
  );
  const stats = emulator.stats();
  emulator.setFaults("");
  const ours = all.filter(({ accountId }) => accountId === emulator.accountId);
  const planned = ours.filter(
    ({ id, tagNames }) => !protectedIds.has(id) && !tagNames.includes("beta") && !tagNames.includes("do-not-move"),
  );
  const truth = { before, wantedFlag: false, planned: new Set(planned.map(({ id }) => id)) };
  return {
    report: report satisfies Report,
    stats,
    toFlip: planned.filter(({ isStaging }) => isStaging).length,
    expectTrueOutcomes: () => expectTrueOutcomes(world, report, truth),
    expectTrueReverts: () => expectTrueReverts(world, report, truth.before),
    expectUntouched: () => expectUntouched(world, before),
    close: world.close,
  };
}
