import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { adviseOn, adviseReader } from "../../../../../lambda/core/report/next-steps.ts";
import type { Report } from "../../../../../lambda/core/report/report.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aReport } from "../a-report.ts";

const BY = { by: "ann", since: "2026-11-23T02:00:00.000Z", why: "calls drop" };
const YOU = { requestedBy: "YOU", reason: "WHY" };
const FROZEN: Reason = { code: "frozen", freeze: "fair", until: "2026-11-30T18:00:00.000Z", ...BY };
const REFUSED: Reason = { code: "sign-in-refused", versionId: "v1" };
const LIFT = { command: "lift-freeze", name: "fair", ...YOU };
const WAIT = { onFreeze: "wait", notAfter: "TIME" };
const OVERRIDE = { override: { reason: "WHY" } };
const AGAIN = { command: "try-login-again", ...YOU };

const ADVICE: readonly (readonly [Reason, readonly object[]])[] = [
  [{ code: "stopped", ...BY }, [{ command: "resume-everything", ...YOU }]],
  [{ code: "release-held", release: "1.0", ...BY }, [{ command: "clear-release", release: "1.0", ...YOU }]],
  [FROZEN, [LIFT, WAIT, OVERRIDE]],
  [
    { code: "locked", rolloutId: "noon" },
    [
      { command: "status", rolloutId: "noon" },
      { onBusy: "wait", notAfter: "TIME" },
    ],
  ],
  [{ code: "alarm", alarm: "calls", state: "ALARM" }, [OVERRIDE]],
  [{ code: "alarm", alarm: "calls", state: "OK" }, []],
  [REFUSED, [AGAIN]],
  [{ code: "sign-in-unclear", versionId: "v1", tries: 5, until: "2026-11-30T18:00:00.000Z" }, [AGAIN]],
  [{ code: "rollback-ended-early", why: [REFUSED] }, [AGAIN]],
  [{ code: "customer-gone" }, []],
];

test.each(ADVICE)("what a person can do about %j", (reason, expected) => {
  expect(adviseOn(reason).map(({ send, add }) => send ?? add)).toEqual(expected);
});

describe("a frozen rollout", () => {
  const sends = (changes: Partial<Report>, event?: object) =>
    adviseReader(aReport({ rolloutId: "night", ...changes }), event as never).map(({ send, add }) => send ?? add);

  test("that was refused can be sent again with more members, as a whole where the event is known", () => {
    const event = { action: "promote", release: "1.0", targets: [{ all: true }] };
    const refused = { status: "refused", problems: [explain(FROZEN)] } as const;
    expect(sends(refused)).toContainEqual(WAIT);
    expect(sends(refused, event)).toContainEqual({ ...event, ...WAIT });
  });

  test("that runs is held until the freeze is lifted, and no event is sent again", () => {
    const progress = { phase: "flipping", since: BY.since, heldBy: [explain(FROZEN)], noted: [] } as const;
    expect(sends({ status: "running", progress })).toEqual([{ command: "abort", rolloutId: "night", ...YOU }, LIFT]);
  });
});

const OTHER_PLANS: readonly Reason[] = [
  { code: "stale-plan", plan: "0f3c9a", now: "1a2b3c", changes: "1 added" },
  { code: "unknown-plan", plan: "0f3c9a", now: "1a2b3c" },
  { code: "plan-of-another-event", plan: "0f3c9a" },
];

test.each(OTHER_PLANS)("after a refusal for its plan ($code), the next step is the plan of now", (problem) => {
  const event = { action: "promote", release: "1.0", targets: [{ all: true }], plan: "0f3c9a" };
  const advice = adviseReader(aReport({ status: "refused", problems: [explain(problem)] }), event as never);
  expect(advice.map(({ send }) => send)).toEqual([{ ...event, plan: undefined, dryRun: true }]);
});
