import fc from "fast-check";

/** A valid deploy event but for what is changed; a member that is undefined is left out. */
export function anEvent(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const event = { action: "promote", release: "2026.11.0", targets: { all: true }, ...changes };
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined));
}

/** A valid policy but for what is changed. */
export function aPolicy(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    baseUrl: "https://evovoice.io",
    accountIds: ["acme"],
    cohorts: { canary: { tags: ["canary"] } },
    ...changes,
  };
}

const anId = fc.stringMatching(/^[a-zA-Z0-9][\w.-]{0,20}$/);
const aText = fc.stringMatching(/^[\p{L}\p{N}](?:[\p{L} ,/&]{0,10}[\p{L}\p{N}])?$/u);
const listOf = (item: fc.Arbitrary<string>) => fc.array(item, { minLength: 1, maxLength: 5 });

const aTarget = fc.oneof(
  fc.record({ customerIds: listOf(anId) }),
  fc.record({ referenceIds: listOf(aText) }),
  fc.record({ tags: listOf(aText), match: fc.constantFrom("all", "any") }),
  fc.record({ parentCustomerId: anId, descendants: fc.boolean() }, { requiredKeys: ["parentCustomerId"] }),
  fc.constant({ cohort: "canary" }),
  fc.constant({ all: true }),
);
const someTargets = fc.oneof(aTarget, fc.array(aTarget, { minLength: 1, maxLength: 4 }));

/** Any event that is accepted under {@link aPolicy}. */
export const anyEvent = fc.record(
  {
    action: fc.constantFrom("stage", "promote"),
    release: fc.stringMatching(/^[\w.+/@-]{1,30}$/),
    targets: someTargets,
    exclude: someTargets,
    dryRun: fc.boolean(),
    notAfter: fc
      .date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString()),
    limits: fc.record(
      {
        requestsPerSecond: fc.double({ min: 0.1, max: 50, noNaN: true }),
        concurrency: fc.integer({ min: 1, max: 16 }),
        failureBudget: fc.constantFrom(0, "0%", "0.5%", "1%"),
        maxCustomers: fc.integer({ min: 1, max: 1_000 }),
      },
      { requiredKeys: [] },
    ),
    strategy: fc.constantFrom<unknown>(
      "all-at-once",
      "linear-20-percent-every-hour",
      { waves: [{ cohort: "canary", bakeMinutes: 0.5 }, { share: "5%" }, { share: "5%" }, { rest: true }] },
      { waves: [{ customers: 3 }, { share: "100%", bakeMinutes: 10 }] },
    ),
    onFailure: fc.constantFrom("rollback", "halt"),
    onBusy: fc.constant("refuse"),
    plan: fc.stringMatching(/^[\da-f]{64}$/),
    override: fc.record({ reason: aText }),
    requestedBy: aText,
    reason: aText,
    id: fc.stringMatching(/^[\w-]{1,64}$/),
  },
  { requiredKeys: ["action", "release", "targets"] },
);
