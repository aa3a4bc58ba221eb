import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duration, TimeZone } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { environments as shipped } from "../../infra/config.ts";
import { checkEnvironments, readEnvironments } from "../../infra/read-environments.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { GITHUB_SOURCE, POLICY, ROOT } from "./make-stack.ts";

const PRODUCTION = { name: "production" };
const NIGHTLY = {
  name: "nightly",
  expression: ScheduleExpression.cron({ minute: "0", hour: "2", timeZone: TimeZone.EUROPE_BERLIN }),
  event: { action: "promote", release: "1", targets: { all: true } },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover-"));
  write("policy.json", POLICY);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const check = (environments: unknown) => checkEnvironments(environments, join(folder, "config.ts"));
const checkOne = (given: object) => check([{ ...PRODUCTION, ...given }]);
const refusalOf = (given: object) => () => checkOne(given);

test("the configuration that ships shows the product: one schedule, a dry run, disabled", () => {
  const [environment, ...others] = checkEnvironments(shipped, join(ROOT, "infra/config.ts"));
  expect(others).toEqual([]);
  expect(environment?.schedules).toMatchObject([{ name: "nightly-plan", enabled: false, event: { dryRun: true } }]);
});

test("an environment needs only a name; the policy is found beside the file", () => {
  expect(check([PRODUCTION])).toEqual([{ ...PRODUCTION, policy: POLICY }]);
});

test("all problems of policy and configuration are listed, with file and path", () => {
  write("policy.json", { baseUrl: "http://evovoice.io", accountIds: [] });
  write("staging.json", { ...POLICY, baseUrl: "https://team.evovoice.io" });
  const refusal = () =>
    check([
      { name: "Production!", schedulez: [], github: { repository: "acme", from: {} }, testEvents: "yes" },
      {
        name: "staging",
        policyFile: "staging.json",
        notifications: { emails: ["on-call"], topic: "mine" },
        schedules: [{ ...NIGHTLY, expression: "daily", event: { ...NIGHTLY.event, targets: { cohort: "beta" } } }],
        webhookConcurrency: 0,
      },
    ]);
  for (const problem of [
    /policy\.json, baseUrl: got "http:\/\/evovoice\.io"/,
    /policy\.json, accountIds: got an empty list/,
    /config\.ts, environments\[0\]\.name: got "Production!"; expected a short name in lower case/,
    /environments\[0\]\.schedulez: got an unknown member.*did you mean schedules\?/,
    /environments\[0\]\.github\.repository: got "acme"; expected "owner\/name", or with both ids/,
    /environments\[0\]\.github\.from: /,
    /environments\[0\]\.testEvents: got "yes"/,
    /environments\[1\]\.notifications\.emails\[0\]: got "on-call"; expected an e-mail address/,
    /environments\[1\]\.notifications\.topic: got an unknown member/,
    /environments\[1\]\.schedules\[0\]\.expression: got "daily"; expected a ScheduleExpression/,
    /environments\[1\]\.schedules\[0\]\.event\.targets\.cohort: got "beta"; expected a cohort of the policy/,
    /environments\[1\]\.webhookConcurrency: got 0/,
  ])
    expect(refusal).toThrow(problem);
});

describe("a schedule", () => {
  const at = (expression: string, zone: string) => ({
    schedules: [{ ...NIGHTLY, expression: ScheduleExpression.expression(expression, TimeZone.of(zone)) }],
  });

  test.each([
    ["maxAge", { maxAge: Duration.seconds(90) }, /maxAge: .*whole minutes/],
    ["flexibleWindow", { flexibleWindow: Duration.hours(1) }, /flexibleWindow: .*expected less than maxAge/],
    ["name", { name: "two words" }, /name: got "two words"/],
    ["event", { event: undefined }, /event: .*expected a deploy event/],
    ["event", { event: { ...NIGHTLY.event, id: "always" } }, /event\.id: .*would run only once/],
    ["event", { event: { ...NIGHTLY.event, exclud: [] } }, /event\.exclud: got an unknown member/],
  ])("is refused with a wrong %s: %j", (_member, given, message) => {
    expect(refusalOf({ schedules: [{ ...NIGHTLY, ...given }] })).toThrow(message);
  });

  test.each([
    ["cron(0 4 * * ? *)", "BST", /got the time zone "BST"; expected the exact IANA name of a time zone/],
    ["cron(0 4 * * ? *)", "PST", /got the time zone "PST"/],
    ["cron(0 4 * * ? *)", "europe/berlin", /expected the exact IANA name of a time zone, such as "Europe\/Berlin"/],
    ["at(2027-03-28T02:30:00)", "Europe/Berlin", /at\(2027-03-28T02:30:00\)"; expected a time that exists/],
    ["at(2027-02-30T04:00:00)", "Europe/Berlin", /expected a date and a time such as/],
    ["at(2020-01-01T04:00:00)", "Europe/Berlin", /expected a time that is not past/],
    ["cron(0 4 30 2 ? *)", "Europe/Berlin", /cron\(0 4 30 2 \? \*\)"; expected a time that comes/],
    ["cron(0 4 1 1 ? 2020)", "Etc/UTC", /expected a time that comes/],
  ])("is refused at a time that never comes or in no zone: %s %s", (expression, zone, message) => {
    expect(refusalOf(at(expression, zone))).toThrow(message);
  });

  test.each([
    ["at(2198-03-28T03:00:00)", "Europe/Berlin"],
    ["cron(0 4 29 2 ? *)", "America/New_York"],
    ["cron(0/15 8-17 ? 1,JUL MON-FRI 2027-2190)", "Asia/Kolkata"],
    ["cron(0 4 ? * 2#1 *)", "UTC"],
    ["cron(0 4 L * ? *)", "Europe/Kyiv"],
    ["cron(0 4 15W * ? *)", "Etc/GMT+3"],
    ["cron(0 4 ? * SAT-SUN *)", "Europe/Berlin"],
  ])("may have each form of EventBridge Scheduler: %s %s", (expression, zone) => {
    expect(checkOne(at(expression, zone))).toHaveLength(1);
  });

  test("has a name of its own", () => {
    expect(refusalOf({ schedules: [NIGHTLY, NIGHTLY] })).toThrow(/schedules: .*a different name for each/);
  });
});

const toBus = (account: string, region: string) => (scope: Construct) =>
  EventBus.fromEventBusArn(scope, "Bus", `arn:aws:events:${region}:${account}:event-bus/deploys`);
const toTopic = (region: string) => (scope: Construct) =>
  Topic.fromTopicArn(scope, "T", `arn:aws:sns:${region}:111122223333:on-call`);
const toKey = (region: string) => (scope: Construct) =>
  Key.fromKeyArn(scope, "Key", `arn:aws:kms:${region}:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000`);
const toSecret = (region: string) => (scope: Construct) =>
  Secret.fromSecretCompleteArn(scope, "S", `arn:aws:secretsmanager:${region}:111122223333:secret:login-AbCdEf`);

describe("an existing resource", () => {
  test("is a function that imports it into a stack", () => {
    const login = (scope: Construct) => Secret.fromSecretNameV2(scope, "Login", "evovoice/team");
    const given = { login, alarmTopic: toTopic("eu-central-1") };
    expect(checkOne(given)).toEqual([{ ...PRODUCTION, ...given, policy: POLICY }]);
  });

  test.each([
    ["an ARN alone", "arn:aws:sns:eu-central-1:111122223333:on-call", /alarmTopic: .*expected a function/],
    ["what CDK cannot import", (scope: Construct) => Topic.fromTopicArn(scope, "T", "on-call"), /ARNs must start/],
  ])("is not %s", (_what, alarmTopic, message) => {
    expect(refusalOf({ alarmTopic })).toThrow(message);
  });

  test("as a secret is refused without its name, where a person may have written the password", () => {
    const login = (scope: Construct) => Secret.fromSecretPartialArn(scope, "Login", "Harbour-hunter2!");
    expect(refusalOf({ login })).toThrow(/login: .*ARNs must start with "arn:"/);
    expect(refusalOf({ login })).not.toThrow(/hunter2/);
  });

  const eventsOf = (account: string, region: string) => ({
    events: { sources: ["acme"], bus: toBus(account, region) },
  });

  test.each([
    ["events.bus", eventsOf("444455556666", "eu-central-1"), /account 444455556666/],
    ["events.bus", eventsOf("111122223333", "us-east-1"), /the region us-east-1/],
    ["notifications.bus", { notifications: { bus: toBus("444455556666", "us-east-1") } }, /the region us-east-1/],
    ["alarmTopic", { alarmTopic: toTopic("us-east-1") }, /expected one of eu-central-1: functions, alarms and secrets/],
    ["encryptionKey", { encryptionKey: toKey("us-east-1") }, /the region us-east-1/],
    ["login", { login: toSecret("us-east-1") }, /the region us-east-1/],
  ])("is refused as %s where it cannot work: %j", (member, given, message) => {
    const env = { account: "111122223333", region: "eu-central-1" };
    expect(refusalOf({ ...given, env })).toThrow(message);
    expect(refusalOf({ ...given, env })).toThrow(`environments[0].${member}: got a resource of the`);
    expect(checkOne(given)).toHaveLength(1);
  });

  test("may be of another account where that works", () => {
    const env = { account: "444455556666", region: "us-east-1" };
    const notifications = { bus: toBus("111122223333", "us-east-1") };
    const [login, encryptionKey, alarmTopic] = [toSecret, toKey, toTopic].map((make) => make("us-east-1"));
    expect(checkOne({ env, notifications, login, encryptionKey, alarmTopic })).toHaveLength(1);
  });

  test("as a signing secret belongs to a source of the policy", () => {
    const webhookSecrets = { github: (scope: Construct) => Secret.fromSecretNameV2(scope, "S", "github") };
    expect(refusalOf({ webhookSecrets })).toThrow(/environments\[0\]\.webhookSecrets\.github: expected a source/);
    write("policy.json", { ...POLICY, webhooks: { github: GITHUB_SOURCE } });
    expect(checkOne({ webhookSecrets })).toHaveLength(1);
  });
});

test.each([
  [{ events: { sources: ["aws.codepipeline"] } }, /a pipeline is named in the policy/],
  [{ events: { sources: [] } }, /expected at least one source/],
  [{ github: { repository: "acme/phones", from: { branch: "*" } } }, /without wildcards/],
  [{ logRetention: 31 }, /logRetention: got 31; expected one of RetentionDays/],
  [{ name: "production", env: "eu-central-1" }, /env: .*expected \{ account, region \}/],
])("is refused: %j", (given, message) => {
  expect(refusalOf(given)).toThrow(message);
});

describe("a value that looks like a secret is refused and not repeated", () => {
  const because = (reason: string) => ({ schedules: [{ ...NIGHTLY, event: { ...NIGHTLY.event, reason } }] });
  const from = (source: string) => ({ events: { sources: [source] } });

  test.each([
    ["a password", { password: "hunter2-hunter2" }],
    ["a key of AWS", from("AKIAHUNTER2HUNTER222")],
    ["a webhook's secret", { webhookSecrets: { github: "whsec_hunter2hunter2" } }],
    ["a password in an address", { alarmTopic: "https://me:hunter2@example.com" }],
    ["a resolved reference", { login: "{{resolve:secretsmanager:hunter2}}" }],
    ["a reason with pwd=", because("pwd=hunter2")],
    ["a reason that says it", because("the password is hunter2")],
    ["a sign-in in one text", { policyFile: "admin@acme.com:hunter2" }],
    ["a login by its tag", { tags: { EVOVOICE_LOGIN: "hunter2" } }],
  ])("%s", (_which, given) => {
    expect(refusalOf(given)).toThrow(/expected no secret: put the secret into Secrets Manager/);
    expect(refusalOf(given)).not.toThrow(/config\.ts.*hunter2|hunter2.*config\.ts/i);
  });

  test("but not a value that only resembles a secret", () => {
    const tags = { application: "cutover", power: "pwr", pinned: "yes", compass: "north" };
    expect(checkOne({ ...because("the password changes by admin@acme.com: thank you"), tags })).toHaveLength(1);
  });

  test("in the policy too, where no other problem is listed with it", () => {
    write("policy.json", { ...POLICY, pageSize: "hunter2", protected: { tags: ["password: hunter2"] } });
    expect(refusalOf({})).toThrow(/policy\.json, protected\.tags\[0\]: got a text of/);
    expect(refusalOf({})).not.toThrow(/hunter2/);
  });
});

describe("two environments", () => {
  const staging = { name: "staging", policyFile: "staging.json" };
  const github = { repository: "acme/phones", from: { branch: "main" } };

  test("may not have the same account of the same server, because each has its own lock", () => {
    const checkBoth = (policy: object) => () => {
      write("policy.json", { ...POLICY, accountIds: ["acme", "globex"] });
      write("staging.json", { ...POLICY, ...policy });
      return check([PRODUCTION, staging]);
    };
    expect(checkBoth({ accountIds: ["initech", "globex"] })).toThrow(
      /environments\[1\]\.policyFile: got https:\/\/evovoice\.io globex of another environment; expected accounts/,
    );
    expect(checkBoth({ accountIds: ["initech"] })()).toHaveLength(2);
    expect(checkBoth({ accountIds: ["globex"], baseUrl: "https://team.evovoice.io" })()).toHaveLength(2);
  });

  test.each([
    ["name", PRODUCTION],
    ["testEvents", { testEvents: "create" }],
    ["github", { github }],
  ])("may not share a unique resource: %s", (member, shared) => {
    write("staging.json", { ...POLICY, baseUrl: "https://team.evovoice.io" });
    const both = [PRODUCTION, staging].map((each) => ({ ...each, ...shared }));
    expect(() => check(both)).toThrow(new RegExp(`environments\\[1\\]\\.${member}: got .* of another environment`));
  });
});

describe("a file that cannot be read", () => {
  test("as a policy is named with its place only, because its text may be a password", () => {
    expect(refusalOf({ policyFile: "nowhere.json" })).toThrow(/nowhere\.json.* cannot be read \(ENOENT\)/);
    write("policy.json", '{"password": "hunter2"\n"other": 1}');
    expect(refusalOf({})).toThrow(/policy\.json.* is not JSON \(line 2 column 1\)/);
    expect(refusalOf({})).not.toThrow(/hunter2/);
    write("policy.json", JSON.stringify(POLICY).replace("{", '{"accountIds":["other"],'));
    expect(refusalOf({})).toThrow(/policy\.json, accountIds: got this member twice/);
  });

  test.each([
    ["is missing", undefined, /nowhere\.mjs: cannot be read: /],
    ["throws", 'export const environments = [];\nthrow new Error("no such zone");', /\(line 2\): no such zone/],
    ["throws a password", 'throw new Error("password=hunter2");', /\(line 1\): \(hidden\)/],
    ["exports nothing", "export const environment = [];", /environments: got nothing; expected a list of environ/],
  ])("as a configuration that %s is named", async (_which, content, message) => {
    const file = content === undefined ? join(folder, "nowhere.mjs") : write("config.mjs", content);
    await expect(readEnvironments(file)).rejects.toThrow(message);
  });
});
