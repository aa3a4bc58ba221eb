import { acceptDeployEvent } from "../../../../lambda/contract/accept-deploy-event.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../../support/jest.ts";
import { startWorld, type World } from "../../../support/world.ts";
import { anEvent } from "./an-event.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld({ customers: 20, policy: { cohorts: { canary: { tags: ["canary"] } } } });
});

afterAll(async () => {
  await world.close();
});

interface Malformed {
  readonly what: string;
  readonly event: unknown;
  /** The path of each problem; "(whole)" for the event itself. */
  readonly problems: readonly string[];
}

const MALFORMED: readonly Malformed[] = [
  { what: "nothing in it", event: {}, problems: ["action", "release", "targets"] },
  { what: "null in its place", event: null, problems: ["(whole)"] },
  { what: "a text in its place", event: "promote all of them", problems: ["(whole)"] },
  { what: "no targets", event: anEvent({ targets: undefined }), problems: ["targets"] },
  {
    what: "a target without a kind",
    event: anEvent({ targets: [{}, { match: "any" }] }),
    problems: ["targets[0]", "targets[1].tags"],
  },
  {
    what: "two tags of a target that do not say whether any or all of them count",
    event: anEvent({ targets: [{ tags: ["a", "b"] }, { tags: ["a", "a"] }], exclude: { tags: ["a", "b"] } }),
    problems: ["targets[0].match"],
  },
  {
    what: "a target of two kinds",
    event: anEvent({ targets: { customerIds: ["a"], tags: ["b"] } }),
    problems: ["targets"],
  },
  { what: "a list within a list of targets", event: anEvent({ targets: [[{ all: true }]] }), problems: ["targets[0]"] },
  { what: "a misspelt exclude", event: anEvent({ exlude: { tags: ["vip"] } }), problems: ["exlude"] },
  { what: "an empty exclude", event: anEvent({ exclude: [] }), problems: ["exclude"] },
  {
    what: "bad ids in two places",
    event: anEvent({
      targets: { customerIds: ["ok", "a b", ".."] },
      exclude: [{ referenceIds: [" a"] }, { parentCustomerId: 7 }],
    }),
    problems: [
      "targets.customerIds[1]",
      "targets.customerIds[2]",
      "exclude[0].referenceIds[0]",
      "exclude[1].parentCustomerId",
    ],
  },
  {
    what: "more ids than an event can name",
    event: anEvent({ targets: { customerIds: Array.from({ length: 9_001 }, (_, index) => `c-${index}`) } }),
    problems: ["targets.customerIds"],
  },
  {
    what: "a cohort that the policy does not have",
    event: anEvent({ targets: { cohort: "beta" }, exclude: [{ cohort: "__proto__" }] }),
    problems: ["targets.cohort", "exclude[0].cohort"],
  },
  { what: "an action of another version", event: anEvent({ action: "reconcile" }), problems: ["action"] },
  { what: "a rollback of nothing", event: { action: "rollback", dryRun: 1 }, problems: ["dryRun", "rolloutId"] },
  {
    what: "a retry with targets",
    event: anEvent({ action: "retry", release: undefined }),
    problems: ["rolloutId", "targets"],
  },
  {
    what: "an unknown strategy, and a wait without an end",
    event: anEvent({ strategy: "canary", onBusy: "wait", plan: "it", onFailure: "", override: {} }),
    problems: ["strategy", "onBusy", "plan", "onFailure", "override.reason"],
  },
  {
    what: "waves that leave people out",
    event: anEvent({ strategy: { waves: [{ rest: true }, { cohort: "beta" }] } }),
    problems: ["strategy.waves[0]", "strategy.waves[1]", "strategy.waves[1].cohort"],
  },
  { what: "a release with line breaks", event: anEvent({ release: "2026\n11" }), problems: ["release"] },
  { what: "a day that does not exist", event: anEvent({ notAfter: "2026-02-30T00:00:00Z" }), problems: ["notAfter"] },
  {
    what: "limits wider than the policy's",
    event: anEvent({ limits: { requestsPerSecond: 100_000.5, concurrency: 17, failureBudget: "2%" } }),
    problems: ["limits.requestsPerSecond", "limits.concurrency", "limits.failureBudget"],
  },
  { what: "an id that is none", event: anEvent({ id: "deploy 4711" }), problems: ["id"] },
  {
    what: "a member of every object's prototype",
    event: JSON.parse('{"action":"promote","release":"r","targets":{"all":true},"__proto__":{},"constructor":{}}'),
    problems: ["__proto__", "constructor"],
  },
  { what: "a password", event: anEvent({ userName: "me", password: "hunter2" }), problems: ["userName", "password"] },
  {
    what: "everything wrong at once",
    event: {
      action: 1,
      release: "",
      targets: { cohort: "beta" },
      exclude: { tags: [] },
      dryRun: 0,
      notAfter: 0,
      limits: { concurrency: 99 },
      requestedBy: 0,
      reason: 0,
      id: 0,
      wave: 1,
    },
    problems: [
      "action",
      "release",
      "exclude.tags",
      "dryRun",
      "notAfter",
      "requestedBy",
      "reason",
      "id",
      "wave",
      "targets.cohort",
      "limits.concurrency",
    ],
  },
];

/** What a refusal says, as the worker's log and its sender get it. */
function refusalOf(event: unknown): string {
  try {
    acceptDeployEvent(event, world.policy);
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
}

describe("a malformed event", () => {
  test.each(MALFORMED)("with $what is refused with every problem", ({ event, problems }) => {
    const [heading, ...lines] = refusalOf(event).split("\n");
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    expect(heading).toBe(`the deploy event was refused, nothing was done; ${count}:`);
    expect(lines.map((line) => line.slice(4, line.indexOf(": "))).sort()).toEqual([...problems].sort());
    for (const line of lines) expect(line).toMatch(/: got .*; expected /);
  });

  test("is refused before Evo Voice or the ledger is asked, and its password is logged nowhere", async () => {
    expect(MALFORMED.length).toBeGreaterThanOrEqual(20);
    const event = anEvent({ userName: "me", password: "hunter2" });

    const { error, operations } = await world.run(event);

    expect(error).toBe(refusalOf(event));
    expect(operations).toEqual([]);
    expect(world.emulator.stats().requests).toEqual({});
    expect(await world.readLedger()).toEqual([]);
    expect(world.logs().join("\n")).not.toContain("hunter2");
  });
});
