import fc from "fast-check";
import { parsePolicy } from "../../../../lambda/config.ts";
import { acceptDeployEvent, toLimits } from "../../../../lambda/contract/accept-deploy-event.ts";
import { type FlipEvent, fingerprintOf } from "../../../../lambda/contract/deploy-event.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { anEvent, anyEvent, aPolicy } from "./an-event.ts";
import { pathsOf, problemsOf as problemsIn } from "./problems-of.ts";

const policy = parsePolicy(aPolicy());
const accept = (event: unknown, under = policy) => acceptDeployEvent(event, under);

const problemsOf = (event: unknown, under = policy) => problemsIn(() => accept(event, under));

const ACTIONS =
  'expected "stage" (to the staging servers), "promote" (to the production servers), "rollback" (restore what a rollout flipped) or "retry" (flip what failed or was not attempted)';

const fingerprint = (changes: Readonly<Record<string, unknown>> = {}) => fingerprintOf(accept(anEvent(changes)));

describe("an accepted event", () => {
  test("has its defaults, its targets as a list, and each customer once", () => {
    const exclude = [{ parentCustomerId: "p-1" }, { tags: ["vip", "beta"] }];
    expect(accept(anEvent({ targets: { customerIds: ["b", "a", "b"] }, exclude }))).toEqual({
      ...{ action: "promote", release: "2026.11.0", dryRun: false },
      targets: [{ customerIds: ["b", "a"] }],
      exclude: [
        { parentCustomerId: "p-1", descendants: true },
        { tags: ["vip", "beta"], match: "any" },
      ],
    });
  });

  test("stays the same when it is accepted again", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const accepted = accept(event);
        expect(accept(JSON.parse(JSON.stringify(accepted)))).toEqual(accepted);
      }),
    );
  });

  test("has a time that is a time", () => {
    const two = (most: number) => fc.nat({ max: most }).map((number) => String(number).padStart(2, "0"));
    const anyZone = fc.constantFrom("Z", "+01:00", "-23:59", "+24:00", "", "z");
    const time = fc.tuple(two(99), two(99), two(13), two(32), two(61), anyZone);
    fc.assert(
      fc.property(time, ([century, year, month, day, second, zone]) => {
        const event = anEvent({ notAfter: `${century}${year}-${month}-${day}T02:00:${second}${zone}` });
        if (problemsOf(event).length === 0) expect(Date.parse(accept(event).notAfter ?? "")).not.toBeNaN();
      }),
    );
  });
});

describe("any input", () => {
  const eventWith = (member: fc.Arbitrary<string>) =>
    fc.tuple(anyEvent, member, fc.jsonValue()).map(([event, name, value]) => ({ ...event, [name]: value }));
  const ofTarget = fc.constantFrom("tags", "customerIds", "match", "cohort", "__proto__");
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
    eventWith(fc.string()),
    eventWith(fc.constantFrom("action", "release", "targets", "exclude", "notAfter", "limits", "id")),
    fc
      .tuple(anyEvent, ofTarget, fc.jsonValue())
      .map(([event, member, value]) => ({ ...event, targets: [Object.fromEntries([[member, value]]), { all: true }] })),
  );

  test("is accepted or refused, and a refusal is short lines without control characters", () => {
    fc.assert(
      fc.property(anything, (event) => {
        const problems = problemsOf(event);
        expect(problems.length).toBeLessThanOrEqual(101);
        for (const problem of problems) {
          expect(problem.length).toBeLessThan(796);
          expect(problem).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a refusal", () => {
  test.each([
    ["exlude", "exclude"],
    ["Targets", "targets"],
    ["dry_run", "dryRun"],
    ["notafter", "notAfter"],
    ["relase", "release"],
  ])("of the member %s asks whether %s was meant", (came, meant) => {
    expect(problemsOf(anEvent({ [came]: true }))).toEqual([
      expect.stringMatching(new RegExp(`^${came}: got an unknown member; .*did you mean ${meant}\\?$`)),
    ]);
  });

  test("of a misspelt action has the problems of the closest action", () => {
    const misspelt = { action: "rolback", rolloutId: "night", release: "2026.11.0", strategy: "all-at-once" };
    expect(problemsOf(misspelt)).toEqual([
      `action: got "rolback"; ${ACTIONS}; did you mean rollback?`,
      expect.stringMatching(/^strategy: got an unknown member; expected only the members action, rolloutId, release,/),
      'rolloutId: got "night"; expected either the source rollout or a release, not both',
    ]);
  });

  test("of a member without a similar name has no suggestion, and says that nothing was done", () => {
    expect(() => accept(anEvent({ waves: 3 }))).toThrow(
      /^the deploy event was refused, nothing was done; 1 problem:\n {2}- waves: got an unknown member; (?!.*did you)/,
    );
  });

  test.each([
    [{ customerId: ["a"] }, "customerIds"],
    [{ tag: ["a"] }, "tags"],
    [{ parentCustomerID: "a" }, "parentCustomerId"],
  ])("of the target %j asks whether %s was meant", (target, meant) => {
    const [problem] = problemsOf(anEvent({ targets: [{ all: true }, target] }));
    expect(problem).toMatch(/^targets\[1\]: got an object with /);
    expect(problem).toMatch(new RegExp(`did you mean ${meant}\\?$`));
  });

  test("stays short for nine thousand bad ids and twenty thousand unknown members", () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`member${index}`, "secret"]));
    const ids = Array.from({ length: 9_000 }, () => "bad id");
    const problems = problemsOf(anEvent({ ...many, targets: { customerIds: ids }, exclude: { customerIds: ids } }));
    expect(problems.join("\n").length).toBeLessThan(30_000);
    expect(problems.at(-1)).toBe("and 37900 more");
    expect(problems).toContainEqual(expect.stringMatching(/^targets\.customerIds\[19\]/));
    expect(problems).toContainEqual(expect.stringMatching(/^exclude\.customerIds\[0\]/));
    expect(problems).toContainEqual(expect.stringMatching(/^member0/));
  });

  test("stays short for one long name and for a depth of twenty thousand", () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    const problems = problemsOf(anEvent({ ["k".repeat(100_000)]: 1, targets: deep, exclude: { tags: deep } }));
    expect(problems).toHaveLength(3);
    expect(problems.join("").length).toBeLessThan(1_000);
  });

  test.each([
    ["an unknown member", anEvent({ password: "hunter2" })],
    ["an object under such a member", anEvent({ secret: { userName: "me", password: "hunter2" } })],
    ["an address's password", anEvent({ requestedBy: "https://me:hunter2@ci.example/\n" })],
    ["an address's password with a slash and an @", anEvent({ requestedBy: "https://me:p@/hunter2@ci.example/" })],
    ["a token in a query", anEvent({ id: "https://ci.example/job?access=hunter2" })],
    ["a setting", anEvent({ release: "PASSWORD=hunter2 make deploy" })],
    ["a header", anEvent({ release: "Authorization: Bearer hunter2" })],
    ["the whole secret in place of the event", '{"userName":"me","password":"hunter2"}'],
  ])("never repeats %s", (_what, event) => {
    const problems = problemsOf(event).join("\n");
    expect(problems).toContain(": got ");
    expect(problems).not.toContain("hunter2");
  });

  test("escapes characters that break a line or colour a terminal", () => {
    const problems = problemsOf(anEvent({ release: "a\nb\u001b[31m\u202e", "x\ny": 1 }));
    expect(problems).toEqual([
      expect.stringContaining('release: got "a\\u000ab\\u001b[31m\\u202e"'),
      expect.stringContaining('["x\\u000ay"]: got an unknown member'),
    ]);
  });
});

describe("a malformed event", () => {
  const targets = { customerIds: ["ok", "a b", ".."] };
  const tooMany = Array.from({ length: 9_001 }, (_, index) => `c-${index}`);
  const wrong = { dryRun: 0, notAfter: 0, requestedBy: 0, reason: 0, id: 0, wave: 1 };
  const limits = { requestsPerSecond: 51, concurrency: 17, failureBudget: "2%", pace: 3 };

  test.each<[what: string, event: unknown, paths: readonly string[]]>([
    ["nothing in it", {}, ["action", "release", "targets"]],
    ["null in its place", null, ["(whole)"]],
    ["a text in its place", "promote all of them", ["(whole)"]],
    ["a target without a kind", anEvent({ targets: [{}, { match: "any" }] }), ["targets[0]", "targets[1].tags"]],
    [
      "two tags of a target that do not say whether any or all of them count",
      anEvent({ targets: [{ tags: ["a", "b"] }, { tags: ["a", "a"] }], exclude: { tags: ["a", "b"] } }),
      ["targets[0].match"],
    ],
    ["a target of two kinds", anEvent({ targets: { customerIds: ["a"], tags: ["b"] } }), ["targets"]],
    ["a list within a list of targets", anEvent({ targets: [[{ all: true }]] }), ["targets[0]"]],
    ["an empty exclude", anEvent({ exclude: [] }), ["exclude"]],
    [
      "bad ids in two places",
      anEvent({ targets, exclude: [{ referenceIds: [" a"] }, { parentCustomerId: 7 }] }),
      ["targets.customerIds[1]", "targets.customerIds[2]", "exclude[0].referenceIds[0]", "exclude[1].parentCustomerId"],
    ],
    ["more ids than it can name", anEvent({ targets: { customerIds: tooMany } }), ["targets.customerIds"]],
    [
      "cohorts that the policy does not have",
      anEvent({ targets: [{ cohort: "beta" }, { cohort: "canary" }], exclude: [{ cohort: "__proto__" }] }),
      ["targets[0].cohort", "exclude[0].cohort"],
    ],
    [
      "members of every object's prototype",
      JSON.parse('{"action":"promote","release":"r","targets":{"all":true},"__proto__":{},"constructor":{}}'),
      ["__proto__", "constructor"],
    ],
    [
      "everything wrong at once, limits that are wider than the policy's too",
      { action: 1, release: "", targets: { cohort: "beta" }, exclude: { tags: [] }, limits, ...wrong },
      [
        ...["action", "release", "exclude.tags", "dryRun", "notAfter", "limits.pace", "requestedBy", "reason", "id"],
        ...["wave", "targets.cohort", "limits.requestsPerSecond", "limits.concurrency", "limits.failureBudget"],
      ],
    ],
  ])("with %s is refused with every problem", (_what, event, paths) => {
    expect(pathsOf(() => accept(event))).toEqual(paths);
    for (const problem of problemsOf(event)) expect(problem).toMatch(/: got .*; expected /);
  });
});

describe("an id", () => {
  const withId = (id: string) => problemsOf(anEvent({ targets: { customerIds: [id] } }));

  test.each([".", "..", "", "a/b", "a b", "a\n", "ä", "x".repeat(65)])("leads to no other path, as %j would", (id) => {
    expect(withId(id)).toHaveLength(1);
  });
  test.each(["a", "...a", "5f2b8c1e9d3a4b0012345678", "x".repeat(64)])("can be %j", (id) => {
    expect(withId(id)).toEqual([]);
  });
});

describe("a narrower failure budget", () => {
  test.each<[event: number | string, policy: number | string, isAccepted: boolean]>([
    [5, 5, true],
    [6, 5, false],
    ["1%", "1%", true],
    ["1.01%", "1%", false],
    ["0.5%", "1.00%", true],
    [5, "1%", false],
    ["1%", 5, false],
    [0, "1%", true],
    ["0.00%", 0, true],
    [5, "100%", true],
    ["100%", 5, false],
  ])("%s under a policy of %s: accepted %s", (failureBudget, allowed, isAccepted) => {
    const under = parsePolicy(aPolicy({ failureBudget: allowed }));
    const sent = anEvent({ limits: { failureBudget } });
    if (isAccepted) expect(toLimits(accept(sent, under), under).failureBudget).toBe(failureBudget);
    else expect(problemsOf(sent, under)).toEqual([expect.stringMatching(/^limits\.failureBudget: got .*narrows/)]);
  });

  const NO_BUDGETS = ["101%", "100.01%", "-1%", "1.234%", "1 %", "%", "01%", -1, 1.5, 1e300, null, "5"];
  test.each(NO_BUDGETS)("cannot be %j", (failureBudget) => {
    expect(pathsOf(() => accept(anEvent({ limits: { failureBudget } })))).toEqual(["limits.failureBudget"]);
  });
});

describe("limits in force", () => {
  const NARROWEST = { startPerSecond: 10, maxPerSecond: 50, concurrency: 16, failureBudget: "1%" };

  test("are the policy's without limits of the event", () => {
    expect(toLimits(accept(anEvent()), policy)).toEqual(NARROWEST);
  });

  test("are never wider than the policy, also for a retry of an older event", () => {
    const limits = { requestsPerSecond: 90, concurrency: 90, failureBudget: 7, maxCustomers: 90 };
    const today = parsePolicy(aPolicy({ maxCustomers: 9 }));
    expect(toLimits({ limits }, today)).toEqual({ ...NARROWEST, maxCustomers: 9 });
  });

  test("never begin faster than the event allows", () => {
    const event = accept(anEvent({ limits: { requestsPerSecond: 2, concurrency: 1 } }));
    expect(toLimits(event, policy)).toMatchObject({ startPerSecond: 2, maxPerSecond: 2, concurrency: 1 });
  });
});

describe("two events are equal", () => {
  test("when only sender, reason, notAfter, onBusy or id differ", () => {
    const told = { id: "a", requestedBy: "me", reason: "why not", notAfter: "2026-11-23T02:00:00Z", onBusy: "wait" };
    expect(fingerprint(told)).toBe(fingerprint());
  });
  test("when both override an alarm, with any reason", () => {
    expect(fingerprint({ override: { reason: "one" } })).toBe(fingerprint({ override: { reason: "other" } }));
  });
  test("never when their waves come in another order or number", () => {
    const [one, two] = [{ share: "10%" }, { share: "20%", bakeMinutes: 5 }];
    const print = (...waves: readonly object[]) => fingerprint({ strategy: { waves: [...waves, { rest: true }] } });
    expect(new Set([print(one, two), print(two, one), print(one, one, two), print(one)]).size).toBe(4);
    expect(fingerprint({ strategy: { waves: [{ rest: true, bakeMinutes: 0 }] } })).toBe(print());
  });
  test("when only the order of lists, repeats or explicit defaults differ", () => {
    const one = { targets: [{ customerIds: ["b", "a", "a"] }, { tags: ["x"], match: "any" }], dryRun: false };
    const other = { targets: [{ tags: ["x"] }, { customerIds: ["a", "b"] }, { tags: ["x"] }] };
    expect(fingerprint(one)).toBe(fingerprint(other));
  });
  test("when only the order of members differs", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const turned = Object.fromEntries(Object.entries(event).reverse());
        expect(fingerprintOf(accept(turned))).toBe(fingerprintOf(accept(event)));
      }),
    );
  });
  test.each<Partial<Record<keyof FlipEvent, unknown>>>([
    { action: "stage" },
    { release: "2026.11.1" },
    { targets: { cohort: "canary" } },
    { exclude: { cohort: "canary" } },
    { dryRun: true },
    { limits: { concurrency: 1 } },
    { limits: { maxCustomers: 1 } },
    { strategy: "all-at-once" },
    { strategy: { waves: [{ share: "10%" }, { rest: true }] } },
    { plan: "0".repeat(64) },
    { onFailure: "halt" },
    { override: { reason: "the fix" } },
  ])("never when they differ in %j", (change) => {
    expect(fingerprint(change)).not.toBe(fingerprint());
  });
});

describe("the strategy of an event", () => {
  test("has cohorts of the policy, and all its problems are reported at once", () => {
    const waves = [{ cohort: "beta" }, { share: "101%" }, { cohort: "canary", bake: 5 }];
    expect(problemsOf(anEvent({ strategy: { waves } })).map((problem) => problem.replace(/; .*/, ""))).toEqual([
      'strategy.waves[1].share: got "101%"',
      "strategy.waves[2].bake: got an unknown member",
      "strategy.waves[2]: got an object with cohort, bake",
      'strategy.waves[0].cohort: got "beta"',
    ]);
  });
});

describe("other members of an event", () => {
  test.each([
    [{ plan: "0123456789a" }, "plan"],
    [{ plan: "A".repeat(64) }, "plan"],
    [{ strategy: "careful" }, "strategy"],
    [{ onFailure: "stop" }, "onFailure"],
    [{ onBusy: "wait" }, "onBusy"],
    [{ onBusy: "queue" }, "onBusy"],
    [{ override: {} }, "override.reason"],
    [{ override: { reason: "" } }, "override.reason"],
    [{ override: true }, "override"],
    [{ limits: { maxCustomers: 0 } }, "limits.maxCustomers"],
    [{ notAfter: "2026-02-30T00:00:00Z" }, "notAfter"],
    [{ id: "deploy 4711" }, "id"],
    [{ action: "reconcile" }, "action"],
  ])("%j is refused for its %s", (changes, path) => {
    expect(pathsOf(() => accept(anEvent(changes)))).toEqual([path]);
  });

  test("an event cannot choose a strategy that avoids the approval of the policy's strategy", () => {
    const approval = { hours: 4 };
    const careful = { waves: [{ customers: 5 }, { rest: true, approval }] };
    const under = parsePolicy(aPolicy({ strategies: { careful, other: careful }, strategy: "careful" }));
    const late = { waves: [{ share: "99%" }, { rest: true, approval }] };
    const early = { waves: [{ share: "99%", approval }, { rest: true }] };
    for (const strategy of ["careful", "other", early]) accept(anEvent({ strategy }), under);
    for (const strategy of ["all-at-once", late])
      expect(problemsOf(anEvent({ strategy }), under)).toEqual([
        expect.stringContaining("with an approval, or an approval in the first wave"),
      ]);
    accept(anEvent({ strategy: "all-at-once" }));
  });

  test("an event can narrow maxCustomers of the policy, never widen it", () => {
    const under = parsePolicy(aPolicy({ maxCustomers: 100 }));
    const limited = (maxCustomers?: number) => anEvent({ limits: { ...(maxCustomers && { maxCustomers }) } });
    const limitOf = (event: unknown, by = under) => toLimits(accept(event, by), by).maxCustomers;
    expect([limited(100), limited(99), limited()].map((event) => limitOf(event))).toEqual([100, 99, 100]);
    expect([limited(5), limited()].map((event) => limitOf(event, policy))).toEqual([5, undefined]);
    expect(problemsOf(limited(101), under)).toEqual([
      "limits.maxCustomers: got 101; expected at most the policy's 100: an event narrows the policy, never widens it",
    ]);
  });
});

describe("an event with a source rollout", () => {
  const told = { notAfter: "2026-11-23T02:00:00Z", onBusy: "wait", requestedBy: "me", reason: "why", id: "again" };

  test.each<Readonly<Record<string, unknown>>>([
    { action: "rollback", rolloutId: "promote-1" },
    { action: "rollback", release: "2026.11.0", dryRun: true, limits: { concurrency: 1 } },
    { action: "rollback", rolloutId: "r", ...told },
    { action: "retry", rolloutId: "promote-1" },
    { action: "retry", rolloutId: "r", strategy: "all-at-once", onFailure: "halt", override: { reason: "the fix" } },
    { action: "retry", rolloutId: "r", exclude: [{ customerIds: ["c-1"] }] },
    { action: "retry", rolloutId: "r", plan: "3f1c".repeat(16) },
    { action: "retry", rolloutId: "r", ...told },
  ])("%j is accepted, and stays the same when it is accepted again", (event) => {
    const accepted = accept(event);
    expect(accepted).toEqual({ dryRun: false, ...event });
    expect(accept(JSON.parse(JSON.stringify(accepted)))).toEqual(accepted);
  });

  const unknown = { waves: [{ cohort: "x" }, { rest: true }] };

  test.each<readonly [Readonly<Record<string, unknown>>, readonly string[]]>([
    [{ action: "rollback", dryRun: 1 }, ["dryRun", "rolloutId"]],
    [{ action: "rollback", rolloutId: "r", release: "1" }, ["rolloutId"]],
    [{ action: "rollback", rolloutId: "a b" }, ["rolloutId"]],
    [{ action: "rollback", release: "a b", onBusy: "wait" }, ["release", "onBusy"]],
    [{ action: "rollback", rolloutId: "r", targets: { all: true } }, ["targets"]],
    [{ action: "rollback", rolloutId: "r", strategy: "all-at-once" }, ["strategy"]],
    [{ action: "rollback", rolloutId: "r", limits: { concurrency: 17 } }, ["limits.concurrency"]],
    [{ action: "retry" }, ["rolloutId"]],
    [{ action: "retry", rolloutId: "r", release: "1" }, ["release"]],
    [{ action: "retry", rolloutId: "r", targets: { all: true } }, ["targets"]],
    [{ action: "retry", rolloutId: "r", exclude: { cohort: "unknown" } }, ["exclude.cohort"]],
    [{ action: "retry", rolloutId: "r", plan: "0".repeat(11) }, ["plan"]],
    [{ action: "rollback", rolloutId: "r", plan: "0".repeat(64) }, ["plan"]],
    [{ action: "retry", rolloutId: "r", strategy: "all-at-none" }, ["strategy"]],
    [{ action: "retry", rolloutId: "r", strategy: unknown }, ["strategy.waves[0].cohort"]],
    [{ action: "retry", rolloutId: "r", onBusy: "wait" }, ["onBusy"]],
  ])("%j is refused for %j", (event, paths) => {
    expect(pathsOf(() => accept(event))).toEqual(paths);
  });

  test("is another event for another rollout, another action, another strategy", () => {
    const prints = [
      { action: "rollback", rolloutId: "a" },
      { action: "rollback", rolloutId: "b" },
      { action: "rollback", release: "a" },
      { action: "rollback", rolloutId: "a", dryRun: true },
      { action: "retry", rolloutId: "a" },
      { action: "retry", rolloutId: "a", strategy: "all-at-once" },
      { action: "retry", rolloutId: "a", plan: "3f1c".repeat(16) },
    ].map((event) => fingerprintOf(accept(event)));
    expect(new Set(prints).size).toBe(prints.length);
  });
});
