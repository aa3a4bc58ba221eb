import fc from "fast-check";
import { findUnknownNames } from "../../../../lambda/contract/find-unknown-names.ts";
import { findProblems, toProblem } from "../../../../lambda/contract/problems.ts";
import { Strategy, toWaves } from "../../../../lambda/contract/strategy.ts";
import type { Wave } from "../../../../lambda/contract/wave.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const NO_STRATEGIES = { strategies: {}, strategy: "all-at-once" };

const wavesOf = (strategy: unknown) => toWaves({ strategy: Strategy.parse(strategy) }, NO_STRATEGIES, 100);

/** The message about the only unknown name of an event with this strategy. */
function unknownOf(strategy: unknown, strategies = {}): string | undefined {
  const [unknown] = findUnknownNames({ strategy }, { cohorts: {}, strategies });
  return unknown && toProblem({ strategy }, unknown).message;
}

/** `10% 1800s`, `50 0s`, `canary 60s`, `rest 0s`: a wave in a few letters. */
function short({ size, bakeSeconds }: Wave): string {
  if (size.kind === "share") return `${size.hundredths / 100}% ${bakeSeconds}s`;
  if (size.kind === "customers") return `${size.customers} ${bakeSeconds}s`;
  return `${size.kind === "cohort" ? size.cohort : "rest"} ${bakeSeconds}s`;
}

const TOGETHER = (what: string) =>
  `${what} of at most 26 days together, because one execution flips for 27 days at most`;

/** Each problem as `path: what is expected`. */
function problemsOf(strategy: unknown): readonly string[] {
  const parsed = Strategy.safeParse(strategy);
  if (parsed.success) return [];
  return findProblems(parsed.error, strategy).map(
    ({ path, message }) => `${path}: ${message.slice(message.indexOf("; expected ") + "; expected ".length)}`,
  );
}

describe("a predefined name", () => {
  test.each([
    ["all-at-once", ["rest 0s"]],
    ["canary-10-percent-30-minutes", ["10% 1800s", "rest 0s"]],
    ["canary-1-percent-1-minute", ["1% 60s", "rest 0s"]],
    ["canary-99-percent-168-hours", ["99% 604800s", "rest 0s"]],
    ["canary-5-percent-1-hour", ["5% 3600s", "rest 0s"]],
    ["linear-50-percent-every-10080-minutes", ["50% 604800s", "rest 0s"]],
    ["linear-20-percent-every-hour", ["20% 3600s", "20% 3600s", "20% 3600s", "20% 3600s", "rest 0s"]],
    ["linear-33-percent-every-2-hours", ["33% 7200s", "33% 7200s", "33% 7200s", "rest 0s"]],
  ])("%s means %j", (name, waves) => {
    expect(wavesOf(name).map(short)).toEqual(waves);
    expect(unknownOf(name)).toBeUndefined();
  });

  test.each([
    "all-at-twice",
    "canary-0-percent-30-minutes",
    "canary-100-percent-30-minutes",
    "canary-10-percent-0-minutes",
    "canary-10-percent-10081-minutes",
    "canary-10-percent-169-hours",
    "canary-10-percent-30",
    "linear-20-percent-every-169-hours",
    "linear-20-percent-every-hour-",
    "constructor",
    "__proto__",
  ])("is not %s", (name) => {
    expect(unknownOf(name)).toMatch(
      /^got "[^"]+"; expected a strategy of the policy, which has none, or one of all-at-once, canary-N-percent-M-minutes/,
    );
    expect(() => wavesOf(name)).toThrow(/no strategy is called/);
  });

  test("must fit into one execution", () => {
    for (const name of ["linear-25-percent-every-10080-minutes", "linear-34-percent-every-168-hours"])
      expect(unknownOf(name)).toBeUndefined();
    expect(unknownOf("linear-20-percent-every-168-hours")).toBe(
      `got "linear-20-percent-every-168-hours"; expected ${TOGETHER("bakes")}; these are 4 bakes of 28 days together`,
    );
  });

  test("is suggested for a similar name", () => {
    const strategies = { careful: Strategy.parse({ waves: [{ rest: true }] }) as { waves: [] } };
    expect(unknownOf("all-at-one", strategies)).toMatch(/did you mean all-at-once\?$/);
    expect(unknownOf("carefull", strategies)).toMatch(/which has careful, .*did you mean careful\?$/);
    expect(unknownOf("careful", strategies)).toBeUndefined();
  });
});

describe("the waves of linear", () => {
  test("cover every customer: only the last wave takes the rest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 10_080 }),
        fc.constantFrom("minute", "minutes"),
        (percent, minutes, unit) => {
          const waves = wavesOf(`linear-${percent}-percent-every-${minutes}-${unit}`);
          const before = waves.slice(0, -1);
          expect(waves.at(-1)).toEqual({ size: { kind: "rest" }, bakeSeconds: 0 });
          expect(before.every(({ bakeSeconds }) => bakeSeconds === minutes * 60)).toBe(true);
          expect(before.every(({ size }) => size.kind === "share" && size.hundredths === percent * 100)).toBe(true);
          expect(before.length * percent).toBeLessThan(100);
          expect((before.length + 1) * percent).toBeGreaterThanOrEqual(100);
        },
      ),
    );
  });
});

describe("a strategy with its waves", () => {
  test("has its waves in order, and the last wave takes the rest", () => {
    const waves = [
      { cohort: "canary", bakeMinutes: 30 },
      { customers: 50, bakeMinutes: 0.5 },
      { share: "5%" },
      { share: "25.5%", bakeMinutes: 0.55 },
      { rest: true, bakeMinutes: 10_080 },
    ];
    expect(wavesOf({ waves }).map(short)).toEqual(["canary 1800s", "50 30s", "5% 0s", "25.5% 33s", "rest 604800s"]);
  });

  test("may end with a share when the shares cover every customer", () => {
    const thirds = [{ share: "33.33%" }, { share: "66.67%", bakeMinutes: 1 }];
    expect(wavesOf({ waves: thirds }).map(short)).toEqual(["33.33% 0s", "rest 60s"]);
    expect(wavesOf({ waves: [{ cohort: "canary" }, { share: "100%" }] }).map(short)).toEqual(["canary 0s", "rest 0s"]);
  });

  test("waits for an approval before the waves that say so, in whole seconds", () => {
    const waves = [{ customers: 1, approval: { hours: 0.1001 } }, { rest: true }];
    expect(wavesOf({ waves }).map(({ approvalSeconds }) => approvalSeconds)).toEqual([361, undefined]);
  });

  test("bakes whole seconds, rounded up", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 10_080, noNaN: true }), (bakeMinutes) => {
        const [wave] = wavesOf({ waves: [{ customers: 1, bakeMinutes }, { rest: true }] });
        const { bakeSeconds = 0 } = wave ?? {};
        expect(Number.isInteger(bakeSeconds)).toBe(true);
        expect(bakeSeconds).toBeGreaterThanOrEqual(bakeMinutes * 60 - 0.001);
        expect(bakeSeconds).toBeLessThan(bakeMinutes * 60 + 1.001);
      }),
    );
  });

  test("has up to 100 waves, and the last wave takes the rest", () => {
    const wave = fc.oneof(
      fc.integer({ min: 1, max: 10_000 }).map((hundredths) => ({ share: `${(hundredths / 100).toFixed(2)}%` })),
      fc.integer({ min: 1, max: 1_000_000_000 }).map((customers) => ({ customers })),
      fc.stringMatching(/^[a-z]{1,8}$/).map((cohort) => ({ cohort })),
    );
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 99 }), (waves) => {
        const read = wavesOf({ waves: [...waves, { rest: true }] });
        expect(read).toHaveLength(waves.length + 1);
        expect(read.filter(({ size }) => size.kind === "rest")).toHaveLength(1);
        expect(read.at(-1)?.size).toEqual({ kind: "rest" });
      }),
    );
    const tooMany = [...Array.from({ length: 100 }, () => ({ customers: 1 })), { rest: true }];
    for (const waves of [tooMany, []]) expect(problemsOf({ waves })).toEqual(["waves: a list of 1 to 100 waves"]);
  });

  const KINDS = "a wave with exactly one of share, customers, cohort, rest, and maybe bakeMinutes and approval";
  const SHARE = 'a share such as "10%" or "0.5%": more than 0%, at most 100%, with at most two decimals';
  const MEMBERS = "waves[0].bake: only the members share, bakeMinutes, approval";
  const NUMBER = "a whole number from 1 to 1000000000";
  const MINUTES = "minutes, from 0 to 10080";
  const HOURS = "waves[0].approval.hours: hours, from 0.1 to 168";
  const LAST = '{ "rest": true } as the last wave';
  const leavesOut = (what: string) => `${LAST}: ${what} would leave customers out`;
  const REST = { rest: true };
  const shares = (count: number, wait: object) => Array.from({ length: count }, () => ({ share: "1%", ...wait }));
  const bakes = (lastMinutes: number) => [...shares(3, { bakeMinutes: 10_080 }), { ...REST, bakeMinutes: lastMinutes }];
  const tooSmall = [{ share: "50%" }, { share: "49.99%" }];
  const approvals = (count: number, hours: number) => shares(count, { approval: { hours } });

  test.each<readonly [string, readonly unknown[]]>([
    ["the largest share", [{ share: "100.00%" }, REST]],
    ["bakes that just fit into one execution", bakes(7_200)],
    ["an approval of a week", [{ ...REST, approval: { hours: 168 } }]],
    ["five approvals", [...approvals(4, 24), { ...REST, approval: { hours: 24 } }]],
    ["all shares", [{ share: "50%" }, { share: "50%" }]],
  ])("may have %s", (_what, waves) => {
    expect(problemsOf({ waves })).toEqual([]);
  });

  test.each<readonly [string, readonly unknown[], ...(readonly string[])]>([
    ["no size", [{ bakeMinutes: 5 }, REST], `waves[0]: ${KINDS}`],
    ["two sizes", [{ share: "1%", customers: 1 }, REST], `waves[0]: ${KINDS}`],
    ["a size by another word", [{ shares: "1%" }, REST], `waves[0]: ${KINDS}; did you mean share?`],
    ["a bad share and an unknown member", [{ share: 5, bake: 30 }, REST], `waves[0].share: ${SHARE}`, MEMBERS],
    ["a share of nothing", [{ share: "0%" }, REST], `waves[0].share: ${SHARE}`],
    ["more than 100 %", [{ share: "100.01%" }, REST], `waves[0].share: ${SHARE}`],
    ["no customers", [{ customers: 0 }, REST], `waves[0].customers: ${NUMBER}`],
    ["a rest that is false", [{ rest: false }], "waves[0].rest: true"],
    ["a bake before now", [{ ...REST, bakeMinutes: -0.1 }], `waves[0].bakeMinutes: ${MINUTES}`],
    ["a longer bake", [{ ...REST, bakeMinutes: 10_080.1 }], `waves[0].bakeMinutes: ${MINUTES}`],
    ["too long bakes", bakes(7_201), `waves: ${TOGETHER("bakes")}; these are 4 bakes of 26.1 days together`],
    ["an approval without its hours", [{ ...REST, approval: {} }], HOURS],
    ["an approval of more than a week", [{ ...REST, approval: { hours: 168.1 } }], HOURS],
    ["an approval that is true", [{ ...REST, approval: true }], "waves[0].approval: an object with the members hours"],
    [
      ...(["six approvals", [...approvals(6, 1), REST]] as const),
      "waves: at most 5 waves with an approval, because one execution has a limited number of polls; these are 6",
    ],
    [
      "approvals and bakes that do not fit into one execution",
      [...approvals(3, 168), { share: "1%", bakeMinutes: 7_201 }, REST],
      `waves: ${TOGETHER("bakes and approvals")}; these are 4 bakes and approvals of 26.1 days together`,
    ],
    ["a cohort at its end", [{ share: "50%" }, { cohort: "a" }], `waves[1]: ${leavesOut("a cohort")}`],
    ["a number at its end", [{ customers: 50 }], `waves[0]: ${leavesOut("a number of customers")}`],
    ["too small shares", tooSmall, `waves[1]: ${leavesOut("shares of 99.99% together")}`],
    [
      "several mistakes, the rest too early",
      [{ share: "0%" }, REST, { customers: "1" }, { cohort: "a" }],
      ...[`waves[0].share: ${SHARE}`, `waves[2].customers: ${NUMBER}`],
      `waves[1]: ${LAST} only: it leaves no customer for the next wave`,
      `waves[3]: ${leavesOut("a cohort")}`,
    ],
  ])("cannot have %s", (_what, waves, ...problems) => {
    expect(problemsOf({ waves })).toEqual(problems);
  });

  test.each([{ wave: [] }, { waves: [REST], name: "x" }, "all at once"])("cannot be %j", (strategy) => {
    expect(problemsOf(strategy).length).toBeGreaterThan(0);
  });
});

describe("a strategy of the policy", () => {
  const careful = Strategy.parse({ waves: [{ customers: 1, bakeMinutes: 1 }, { rest: true }] }) as { waves: [] };
  const policy = { strategies: { careful }, strategy: "careful" };

  test("is found by its name, and is the default where the policy says so", () => {
    const waves = ["1 60s", "rest 0s"];
    expect(toWaves({ strategy: "careful" }, policy, 100).map(short)).toEqual(waves);
    expect(toWaves({}, policy, 100).map(short)).toEqual(waves);
    expect(toWaves({ strategy: "all-at-once" }, policy, 100).map(short)).toEqual(["rest 0s"]);
  });
});

describe("cohorts of waves", () => {
  test("are those of the policy: unknown cohorts are reported with their paths", () => {
    const waves = [{ cohort: "beta" }, { cohort: "canary" }, { cohort: "constructor", share: 5 }, null, { cohort: 7 }];
    const problems = findUnknownNames({ strategy: { waves } }, { cohorts: { canary: {} }, strategies: {} });
    const canary = "expected a cohort of the policy, which has canary";
    expect(problems.map((each) => toProblem({}, each))).toEqual([
      { path: "strategy.waves[0].cohort", message: `got "beta"; ${canary}` },
      { path: "strategy.waves[2].cohort", message: `got "constructor"; ${canary}` },
    ]);
    expect(unknownOf("all-at-once")).toBeUndefined();
  });
});
