import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { BadConfigError, parsePolicy, readConfig, readFrontDoorConfig } from "../../../lambda/config.ts";
import type { LargePromote } from "../../../lambda/contract/blast-radius.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { aPolicy } from "./contract/an-event.ts";
import { pathsOf, problemsOf } from "./contract/problems-of.ts";

describe("a policy", () => {
  test("needs a base URL and its accounts only; everything else has a default", () => {
    expect(parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["acme"] })).toEqual({
      ...{ baseUrl: "https://evovoice.io", accountIds: ["acme"], cohorts: {}, strategies: {}, freezes: [], alarms: [] },
      protected: { customerIds: [], referenceIds: [], tags: [] },
      ...{ unknownCustomers: "refuse", childrenFollow: false, onFailure: "rollback", failureBudget: "1%" },
      ...{ noDataMinutes: 15, settleSeconds: 5, smallestSample: 20, pageSize: 100, stepSeconds: 600 },
      ...{ requestsPerSecond: 50, startRequestsPerSecond: 10, concurrency: 16 },
      retries: { attempts: 4, requestTimeoutMs: 10_000, mostBackoffMs: 8_000 },
    });
  });

  test("begins with ten requests a second, or with as many as it allows", () => {
    expect(parsePolicy(aPolicy({ requestsPerSecond: 5 })).startRequestsPerSecond).toBe(5);
    const both = (rate: number) => ({ requestsPerSecond: rate, startRequestsPerSecond: rate });
    for (const rate of [0.1, 100_000]) expect(parsePolicy(aPolicy(both(rate)))).toMatchObject(both(rate));
    for (const rate of [0.09, 100_001])
      expect(() => parsePolicy(aPolicy(both(rate)))).toThrow(/requestsPerSecond.*from 0\.1 to 100000/);
  });

  test("is refused with its mistakes and its contradictions at once", () => {
    const canary = [{ tags: ["a", "vip"] }, { customerIds: ["c-2", "c-1"] }];
    const bad = {
      ...{ baseUrl: "http://evovoice.io", accountIds: ["acme", "b", "acme"], waves: [] },
      protected: { customerIds: ["c-1"], tags: ["vip"], tag: [] },
      cohorts: { canary, nested: { cohort: "canary" }, "two words": { all: true } },
      ...{ requestsPerSecond: 5, startRequestsPerSecond: 6, stepSeconds: 720 },
      retries: { requestTimeoutMs: 120_000, attempts: 0 },
    };
    expect(pathsOf(() => parsePolicy(bad))).toEqual([
      ...["baseUrl", "protected.tag", "cohorts.canary[0].match", "cohorts.nested", 'cohorts["two words"]'],
      ...["retries.attempts", "waves", "accountIds[2]", "startRequestsPerSecond"],
    ]);
    expect(problemsOf(() => parsePolicy(bad))[3]).toMatch(
      /expected a target with exactly one of customerIds, referenceIds, tags, parentCustomerId, all/,
    );
  });

  test.each([
    ["by id", { customerIds: ["c-1"] }, { customerIds: ["c-0", "c-1"] }, "customer c-1"],
    ["by reference id", { referenceIds: ["R 1"] }, { referenceIds: ["R 1"] }, "reference id R 1"],
    ["by tag", { tags: ["vip"] }, [{ all: true }, { tags: ["a", "vip"], match: "any" }], "tag vip"],
  ])("is refused when a cohort names customers that it protects %s", (_how, guarded, cohort, clash) => {
    expect(problemsOf(() => parsePolicy(aPolicy({ protected: guarded, cohorts: { beta: cohort } })))).toEqual([
      `cohorts.beta: got ${clash}; expected no customer that the policy protects`,
    ]);
  });

  test.each([
    [720, 90_000, true],
    [720, 90_001, false],
    [690, 120_000, true],
    [691, 120_000, false],
  ])("with steps of %d s and requests of %d ms: accepted %s", (stepSeconds, requestTimeoutMs, isAccepted) => {
    const problems = problemsOf(() => parsePolicy(aPolicy({ stepSeconds, retries: { requestTimeoutMs } })));
    expect(problems).toEqual(isAccepted ? [] : [expect.stringMatching(/^stepSeconds: got .*15 minutes/)]);
  });

  test("keeps a cohort called constructor", () => {
    const { cohorts } = parsePolicy(aPolicy({ cohorts: { constructor: { all: true } } }));
    expect(Object.keys(cohorts)).toEqual(["constructor"]);
  });

  test("is accepted or refused as such, whatever it is", () => {
    const members = Object.keys(parsePolicy(aPolicy()));
    const policies = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...members, "__proto__", "wave"), fc.jsonValue()).map((some) => aPolicy(some)),
    );
    fc.assert(
      fc.property(policies, (policy) => {
        for (const problem of problemsOf(() => parsePolicy(policy)))
          expect(problem).toMatch(/got .*; expected |^and \d+ more$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a policy's strategies", () => {
  const careful = { waves: [{ cohort: "canary", bakeMinutes: 30 }, { share: "5%", bakeMinutes: 10 }, { rest: true }] };
  const refused = (changes: Readonly<Record<string, unknown>>) => problemsOf(() => parsePolicy(aPolicy(changes)));

  test("are accepted with everything that guards a rollout", () => {
    const guards = {
      strategies: { careful },
      strategy: "careful",
      alarms: ["calls failing", "calls failing", "cutover/all (composite)"],
      ...{ onFailure: "halt", noDataMinutes: 0, smallestSample: 1, maxCustomers: 5_000, maxShare: "25%" },
      childrenFollow: true,
      largePromote: { above: 1_000, firstWave: "5%", bakeMinutes: 10 },
    };
    const alarms = ["calls failing", "cutover/all (composite)"];
    const strategies = { careful: { waves: [{}, {}, { rest: true, bakeMinutes: 0 }] } };
    expect(parsePolicy(aPolicy(guards))).toMatchObject({ ...guards, alarms, strategies });
  });

  test("are refused with every contradiction at once", () => {
    const strategies = {
      careful,
      unknown: { waves: [{ cohort: "beta" }, { rest: true }] },
      "canary-10-percent-1-hour": { waves: [{ rest: true }] },
      broken: { waves: [{ cohort: "gamma" }, { share: "50 %" }] },
    };
    expect(refused({ strategies, strategy: "carefull" })).toEqual([
      expect.stringMatching(/^strategies\.broken\.waves\[1\]\.share: got "50 %"; expected a share/),
      "strategies.canary-10-percent-1-hour: got this name; expected another name, because it is predefined",
      'strategies.unknown.waves[0].cohort: got "beta"; expected a cohort of the policy, which has canary',
      'strategies.broken.waves[0].cohort: got "gamma"; expected a cohort of the policy, which has canary',
      expect.stringMatching(/^strategy: got "carefull"; expected a strategy of the policy, which has .*all-at-once/),
    ]);
  });

  test("are not called unknown when they are only wrong in themselves", () => {
    expect(refused({ strategies: { careful: { waves: [] } }, strategy: "careful" })).toEqual([
      "strategies.careful.waves: got an empty list; expected a list of 1 to 100 waves",
    ]);
  });

  const TEN = { above: 500, firstWave: "10%", bakeMinutes: 30 };
  const canary = (percent: number, minutes: number) => ({ strategy: `canary-${percent}-percent-${minutes}-minutes` });
  const waves = (first: object) => ({ strategies: { mine: { waves: [first, { rest: true }] } }, strategy: "mine" });

  test.each<readonly [object, LargePromote, ...(readonly string[])]>([
    [canary(10, 30), TEN],
    [canary(11, 30), TEN, "wave"],
    [canary(10, 29), TEN, "bake"],
    [{ strategy: "all-at-once" }, TEN, "wave", "bake"],
    [{ strategy: "all-at-once" }, { above: 10, firstWave: 50, bakeMinutes: 0 }, "wave"],
    [{}, TEN],
    [{}, { above: 500, firstWave: "9%", bakeMinutes: 31 }, "wave", "bake"],
    [{}, { above: 10, firstWave: 5, bakeMinutes: 0 }, "wave"],
    [waves({ customers: 51 }), { above: 500, firstWave: 50, bakeMinutes: 0 }, "wave"],
    [waves({ customers: 51 }), { above: 500, firstWave: "10%", bakeMinutes: 0 }],
    [waves({ cohort: "canary", bakeMinutes: 5 }), { above: 500, firstWave: 1, bakeMinutes: 5 }],
    [waves({ cohort: "canary", bakeMinutes: 4.9 }), { above: 500, firstWave: 1, bakeMinutes: 5 }, "bake"],
  ])("of which the default one is %j keep to %j, or say what breaks it", (strategy, largePromote, ...breaks) => {
    const byDefault = largePromote.above > 20 ? "canary-10-percent-30-minutes" : "all-at-once";
    const name = "strategy" in strategy ? `"${strategy.strategy}"` : `"${byDefault}" by default`;
    const [problem = "", ...others] = problemsOf(() => parsePolicy(aPolicy({ ...strategy, largePromote })));
    expect(others).toEqual([]);
    expect(problem !== "").toBe(breaks.length > 0);
    if (breaks.length > 0) expect(problem).toContain(`strategy: got ${name}; expected a`);
    expect(problem.includes("a first wave of at most")).toBe(breaks.includes("wave"));
    expect(problem.includes("a bake of at least")).toBe(breaks.includes("bake"));
  });

  test.each([
    ["alarms", ["a".repeat(255)], true],
    ["alarms", ["a".repeat(256)], false],
    ["alarms", ["arn:aws:cloudwatch:eu-central-1:000000000000:alarm:calls"], false],
    ["alarms", Array.from({ length: 500 }, (_, index) => `alarm ${index}`), true],
    ["alarms", Array.from({ length: 501 }, (_, index) => `alarm ${index}`), false],
    ["noDataMinutes", 1_440, true],
    ["noDataMinutes", 1_441, false],
    ["smallestSample", 0, false],
    ["maxCustomers", 1, true],
    ["maxCustomers", 0, false],
    ["maxShare", "0%", false],
    ["childrenFollow", "no", false],
    ["largePromote", { above: 0, firstWave: "100%", bakeMinutes: 0 }, true],
    ["largePromote", { above: 0, firstWave: 0, bakeMinutes: 0 }, false],
  ])("and its %s keeps to its bounds (%#)", (member, value, isAccepted) => {
    const paths = pathsOf(() => parsePolicy(aPolicy({ [member]: value })));
    expect(paths).toEqual(isAccepted ? [] : [expect.stringMatching(new RegExp(`^${member}`))]);
  });
});

describe("the base URL", () => {
  test.each([
    ["https://evovoice.io", "https://evovoice.io"],
    ["HTTPS://Team.EvoVoice.io/", "https://team.evovoice.io"],
    ["https://evovoice.io:8443/", "https://evovoice.io:8443"],
    ["http://localhost:3000", "http://localhost:3000"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://2130706433", "http://127.0.0.1"],
    ["http://[::1]:8080/", "http://[::1]:8080"],
    ["http://[0:0:0:0:0:0:0:1]", "http://[::1]"],
  ])("%s is %s", (came, later) => {
    expect(parsePolicy(aPolicy({ baseUrl: came })).baseUrl).toBe(later);
  });

  test.each([
    ...["http://evovoice.io", "http://127.0.0.1.evil.com", "http://localhost.evil.com", "http://0.0.0.0"],
    ...["http://[::2]", "http://[::ffff:127.0.0.1]", "https://evovoice.io.", `https://${"a".repeat(300)}.io`],
    ...["http://localhost@evil.com", "http://localhost\\@evil.com", "https://me@evovoice.io"],
    ...["https://:hunter2@evovoice.io", "https://evovoice.io?key=hunter2", "https://evovoice.io#top"],
    ...["https://evovoice.io/api", "https:evovoice.io", "https:\\\\evovoice.io", " https://evovoice.io"],
    ...["https://evo\tvoice.io", "https://evovoice.io:99999", "evovoice.io", "javascript:alert(1)"],
    ...["", 5, null, undefined],
  ])("cannot be %j", (baseUrl) => {
    const problems = problemsOf(() => parsePolicy(aPolicy({ baseUrl })));
    expect(problems).toEqual([expect.stringMatching(/^baseUrl: got .*; expected /)]);
    expect(problems.join()).not.toContain("hunter2");
  });

  test("is never http anywhere but on this machine", () => {
    const urls = fc.oneof(
      fc.webUrl(),
      fc.tuple(fc.constantFrom("http://", "https://", "http:"), fc.domain()).map((parts) => parts.join("")),
      fc.ipV4().map((ip) => `http://${ip}`),
      fc.ipV6().map((ip) => `http://[${ip}]`),
    );
    fc.assert(
      fc.property(urls, (baseUrl) => {
        const parse = () => parsePolicy(aPolicy({ baseUrl }));
        if (problemsOf(parse).length > 0) return;
        const { protocol, hostname } = new URL(parse().baseUrl);
        if (protocol !== "https:") expect(hostname).toMatch(/^(127\..*|localhost|\[::1\])$/);
      }),
    );
  });
});

describe("the environment", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cutover-"));
    file = join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(aPolicy()));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (changes: NodeJS.ProcessEnv = {}) =>
    readConfig({ CUTOVER_TABLE_NAME: "ledger", CUTOVER_SECRET_ID: "evo", CUTOVER_POLICY_FILE: file, ...changes });

  test("names the table, the secret and the policy file", () => {
    expect(read()).toEqual({ tableName: "ledger", secretId: "evo", policy: parsePolicy(aPolicy()) });
  });

  test("can name a bus, a topic and a dashboard, and none by an empty or a wrong text", () => {
    const topicArn = "arn:aws:sns:eu-central-1:111122223333:people";
    const dashboardUrl = "https://console.example/dashboard";
    const told = { CUTOVER_EVENT_BUS: "deployments", CUTOVER_TOPIC_ARN: topicArn, CUTOVER_DASHBOARD_URL: dashboardUrl };
    expect(read(told)).toMatchObject({ eventBus: "deployments", topicArn, dashboardUrl });
    const wrong = { CUTOVER_EVENT_BUS: " ", CUTOVER_TOPIC_ARN: "", CUTOVER_DASHBOARD_URL: "http://console.example" };
    expect(problemsOf(() => read(wrong))).toEqual([
      'CUTOVER_EVENT_BUS: got " "; expected the name or ARN of an event bus',
      'CUTOVER_TOPIC_ARN: got ""; expected the ARN of a topic',
      'CUTOVER_DASHBOARD_URL: got "http://console.example"; expected the https address of the dashboard',
    ]);
  });

  test("is refused with all that is missing at once, and shows nothing else of itself", () => {
    const problems = problemsOf(() => readConfig({ CUTOVER_SECRET_ID: " ", AWS_SECRET_ACCESS_KEY: "hunter2" }));
    expect(problems).toEqual([
      "CUTOVER_TABLE_NAME: got nothing; expected the name of the ledger's table",
      'CUTOVER_SECRET_ID: got " "; expected the name or ARN of the Evo Voice secret',
      "CUTOVER_POLICY_FILE: got nothing; expected the path of the policy file",
    ]);
  });

  test("can name a policy that an editor has begun with a byte order mark", () => {
    writeFileSync(file, `\uFEFF${JSON.stringify(aPolicy())}`);
    expect(read().policy).toEqual(parsePolicy(aPolicy()));
  });

  const write = (json: string) => () => writeFileSync(file, json);

  test.each([
    ["is missing", () => rmSync(file), /\.json cannot be read \(ENOENT\); write one, or correct CUTOVER_POLICY_FILE/],
    ["is a folder", () => [rmSync(file), mkdirSync(file)], /policy\.json cannot be read \(EISDIR\)/],
    ["is not JSON", write('{\n  "baseUrl": hunter2\n}'), /policy\.json is not JSON; correct it/],
    ["lacks a comma", write('{\n  "pageSize": 1\n  "hunter2": 2\n}'), /not JSON \(line 3 column 3\)/],
    ["names a member twice", write('{ "protected": {}, "protected": {} }'), /protected: got this member twice/],
  ])("cannot name a policy file that %s", (_what, damage, refusal) => {
    damage();
    expect(read).toThrow(BadConfigError);
    expect(read).toThrow(refusal);
    expect(read).not.toThrow(/hunter2/);
  });
});

describe("the front door's environment", () => {
  const WORKER = "arn:aws:lambda:us-east-1:000000000000:function:cutover";
  const CUTOVER_POLICY_FILE = join(import.meta.dirname, "../../../infra/policy.json");
  const read = (CUTOVER_WORKER_ARN?: string) =>
    readFrontDoorConfig({ CUTOVER_TABLE_NAME: "ledger", CUTOVER_POLICY_FILE, CUTOVER_WORKER_ARN });

  test.each([undefined, "cutover:live", WORKER])("with %s for its worker's alias is refused", (arn) => {
    expect(problemsOf(() => read(arn))).toEqual([
      expect.stringMatching(/^CUTOVER_WORKER_ARN: got .*; expected the ARN of the worker's alias/),
    ]);
  });

  test("needs no secret", () => {
    expect(read(`${WORKER}:live`)).toMatchObject({ tableName: "ledger", workerArn: `${WORKER}:live` });
  });
});
