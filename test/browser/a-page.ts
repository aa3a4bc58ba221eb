import { writeAsJson } from "../../lambda/contract/advice.ts";
import { explain, type Reason } from "../../lambda/core/reasons.ts";
import type { ListedCustomer } from "../../lambda/core/report/listed-customer.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { PageFacts } from "../../lambda/core/report/report-page.ts";

export const SCRIPT = "<script>document.title = 'gone'</script><img src=x onerror=alert(1)>";
/** Runs from right to left; an override character would turn what follows. */
export const HEBREW = "מרפאת שיניים (1) \u202Egnp.exe";

const NAMES = ["Harbour Dental", SCRIPT, HEBREW, "Old Mill Bakery", "Nordwind Logistik GmbH", "Café Müller & Söhne"];
const AT = "2026-11-28T02:31:07.000Z";
const ALARM = { code: "alarm", alarm: "calls-that-fail", state: "ALARM", detail: "7 of 100 calls failed" } as const;
const TAGGED: Reason = { code: "protected-by-policy", by: "tag", tag: "vip" };
const REFUSED: Reason = { code: "request-refused", operation: "flip", status: 500 };
const STOPPED: Reason = { code: "not-attempted", why: [ALARM] };
const FLIPPED: Reason = { code: "confirmed-by-reply" };

/** A rollout of three waves that an alarm halted after the second, with so many customers: at least 20. */
export function aPage(size: number): PageFacts {
  const customers = Array.from({ length: size }, (_, index) => aCustomer(index, size));
  const count = (outcome: ListedCustomer["outcome"], wave?: number) =>
    customers.filter((each) => each.outcome === outcome && (wave === undefined || each.wave === wave)).length;
  const ofWave = (wave: number) => customers.filter((each) => each.wave === wave).length;
  const notAttempted = ofWave(3);
  const waves = [1, 2, 3].map((wave) => ({
    wave,
    from: wave - 1,
    to: wave,
    customers: ofWave(wave),
    bakeSeconds: wave < 3 ? 1_800 : 0,
  }));
  const report: Report = {
    rolloutId: "promote-6d84c9bd52e4",
    action: "promote",
    release: "2026.11.0",
    status: "halted",
    dryRun: false,
    problems: [explain(ALARM)],
    counts: {
      flipped: count("flipped"),
      unchanged: 0,
      deferred: 0,
      skipped: count("skipped"),
      failed: count("failed"),
    },
    plan: {
      hash: "9bed8e4e9dba".repeat(5),
      flip: size - 5,
      unchanged: 0,
      skipped: 5,
      batches: 3,
      settledItems: 1,
      waves,
    },
    skippedBy: [
      { ...explain(STOPPED), customers: notAttempted },
      { ...explain(TAGGED), customers: 5 },
    ],
    failedBy: [{ ...explain(REFUSED), customers: count("failed") }],
    waves: [
      { ...{ wave: 1, customers: ofWave(1), bakeSeconds: 1_800 }, decision: "proceed", reasons: [] },
      { ...{ wave: 2, customers: ofWave(2), bakeSeconds: 1_800 }, decision: "halt", reasons: [explain(ALARM)] },
    ],
    exceptions: customers
      .slice(0, size / 2)
      .filter(({ outcome }) => outcome === "failed")
      .slice(0, 100)
      .map((each) => ({ ...each, outcome: "failed", reason: explain(REFUSED) })),
    moreExceptions: 0,
    startedAt: "2026-11-28T02:00:00.000Z",
    endedAt: AT,
    durationMs: 1_867_000,
    requestedBy: SCRIPT,
    reason: "2026.11.0 passed its tests",
  };
  return { report, customers, environment: "cutover-production", asOf: AT, writeAdvice: writeAsJson };
}

function aCustomer(index: number, size: number): ListedCustomer {
  const name = `${NAMES[index % NAMES.length]}${index < NAMES.length ? "" : ` ${index}`}`;
  const customer = {
    customerId: `5cc584a00ae4a9cbfabd${String(index).padStart(4, "0")}`,
    referenceId: `REF-${1_000 + index}`,
    name,
    at: AT,
  };
  if (index >= size - 5) return { ...customer, plannedAction: "skip", outcome: "skipped", ...toCause(TAGGED) };
  const wave = 1 + Number(index >= size / 10) + Number(index >= size / 2);
  const [outcome, reason] = wave === 3 ? (["skipped", STOPPED] as const) : tryFlip(index);
  return { ...customer, wave, plannedAction: "flip", outcome, ...toCause(reason) };
}

function tryFlip(index: number) {
  return index % 9 === 1 ? (["failed", REFUSED] as const) : (["flipped", FLIPPED] as const);
}

function toCause(reason: Reason) {
  const { code, message } = explain(reason);
  return { code, message };
}
