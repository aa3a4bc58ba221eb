import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readInfraConfig } from "../../infra/read-environments.ts";
import { GITHUB_SOURCE, POLICY } from "./make-stack.ts";

const PRODUCTION = { name: "production", secret: { create: "cutover/evovoice" } };
const NIGHTLY = {
  name: "nightly",
  expression: "rate(1 day)",
  event: { action: "promote", release: "1", targets: { all: true } },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover-"));
  write("policy.json", POLICY);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, json: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof json === "string" ? json : JSON.stringify(json));
  return path;
}

const read = (config: unknown) => readInfraConfig(write("config.json", config));
const readOne = (given: object) => read({ environments: [{ ...PRODUCTION, ...given }] });

test("the configuration that ships is valid, with a policy to fill in", () => {
  const { environments } = readInfraConfig(join(import.meta.dirname, "../../infra/config.json"));
  expect(environments).toMatchObject([{ name: "production", secret: { create: "cutover/evovoice" } }]);
});

test("a name and a secret are all that must be set; the policy is found beside the file", () => {
  expect(read({ environments: [PRODUCTION] })).toEqual({
    environments: [
      {
        ...PRODUCTION,
        policyFile: join(folder, "policy.json"),
        policy: POLICY,
        webhooks: {},
        schedules: [],
        testEvents: "none",
        stuckAfterHours: 24,
        logRetentionDays: 90,
      },
    ],
    tags: {},
  });
});

test("all problems of a configuration are named at once", () => {
  const refusal = () =>
    read({
      environments: [
        { name: "Production!", secret: { import: "a", create: "b" }, regionn: "us-east-1" },
        { ...PRODUCTION, schedules: [{ ...NIGHTLY, expression: "daily" }], github: { repository: "acme" } },
      ],
    });
  expect(refusal).toThrow(/environments\[0\]\.name: got "Production!"; expected a short name in lower case/);
  expect(refusal).toThrow(/environments\[0\]\.secret/);
  expect(refusal).toThrow(/environments\[0\]\.regionn: got an unknown member.*did you mean region\?/);
  expect(refusal).toThrow(/environments\[1\]\.schedules\[0\]\.expression: got "daily"/);
  expect(refusal).toThrow(/environments\[1\]\.github\.repository/);
});

describe("a secret", () => {
  test.each([
    ["without a name", {}],
    ["with a value", { create: "cutover/evovoice", value: "hunter2" }],
    ["that is a value", "hunter2"],
    ["with an empty name", { import: "" }],
    ["whose name AWS would take for an ARN's end", { import: "evovoice-abc123" }],
    ["of another service's ARN", { import: "arn:aws:s3:::bucket" }],
  ])("%s is refused", (_which, secret) => {
    expect(() => readOne({ secret })).toThrow(/environments\[0\]\.secret/);
    expect(() => readOne({ secret })).not.toThrow(/hunter2/);
  });

  test.each(["evovoice/dashboard", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf"])(
    "may be imported as %s",
    (name) => {
      expect(readOne({ secret: { import: name } }).environments[0]?.secret).toEqual({ import: name });
    },
  );
});

describe("whom it tells", () => {
  test("are people by their addresses, and a bus by its name or ARN", () => {
    const tell = { emails: ["on-call@example.com"], bus: "arn:aws:events:eu-central-1:111122223333:event-bus/deploys" };
    expect(readOne({ tell }).environments[0]?.tell).toEqual(tell);
    expect(readOne({ tell: { bus: "deploys" } }).environments[0]?.tell).toEqual({ bus: "deploys" });
    expect(readOne({}).environments[0]?.tell).toBeUndefined();
  });

  test.each([
    [{ emails: ["on-call"] }, /tell\.emails\[0\]: got "on-call"; expected an e-mail address/],
    [{ emails: "on-call@example.com" }, /tell\.emails: .*expected a list of e-mail addresses/],
    [{ bus: "two words" }, /tell\.bus: got "two words"; expected the name or ARN of an event bus/],
    [{ bus: "arn:aws:sns:eu-central-1:111122223333:topic" }, /tell\.bus: .*expected the name or ARN of an event bus/],
    [{ topic: "mine" }, /tell\.topic: got an unknown member/],
  ])("are refused as %j", (tell, message) => {
    expect(() => readOne({ tell })).toThrow(message);
  });
});

describe("what looks like a secret's value is refused and not repeated", () => {
  test.each([
    ["a password", { password: "hunter2-hunter2" }],
    ["a token by its name", { webhooks: { github: { create: "a", token: "hunter2-hunter2" } } }],
    ["GitHub's token", { events: { sources: ["ghp_hunter2hunter2hunter2"] } }],
    ["AWS's key", { events: { sources: ["AKIAHUNTER2HUNTER222"] } }],
    ["a webhook's secret", { secret: { create: "whsec_hunter2hunter2" } }],
    ["a password in an address", { alarmTopicArn: "https://me:hunter2@example.com" }],
    ["a resolved reference", { events: { sources: [], bus: "{{resolve:secretsmanager:hunter2}}" } }],
    ["JSON of a login", { secret: { import: '{"userName":"me","password":"hunter2"}' } }],
    ["a reason with pwd=", { schedules: [{ ...NIGHTLY, event: { ...NIGHTLY.event, reason: "pwd=hunter2" } }] }],
    ["a reason with pw:", { schedules: [{ ...NIGHTLY, event: { ...NIGHTLY.event, reason: "pw: hunter2" } }] }],
    [
      "a reason that says it",
      { schedules: [{ ...NIGHTLY, event: { ...NIGHTLY.event, reason: "the password is hunter2" } }] },
    ],
    ["a sign-in in one text", { policyFile: "admin@acme.com:hunter2" }],
    ["an authorization", { policyFile: "Authorization: hunter2hunter2" }],
  ])("%s", (_which, given) => {
    expect(() => readOne(given)).toThrow(/expected no secret's value: put it into Secrets Manager/);
    expect(() => readOne(given)).not.toThrow(/hunter2|HUNTER2/);
  });

  test.each(["evovoicePwd", "db_pw", "dbPw", "EVOVOICE_LOGIN", "pin", "Passwort", "api-key"])(
    "a tag named %s",
    (name) => {
      const tagged = () => read({ environments: [PRODUCTION], tags: { [name]: "hunter2" } });
      expect(tagged).toThrow(/tags[.[].*expected no secret's value/);
      expect(tagged).not.toThrow(/hunter2/);
    },
  );

  test.each([
    { application: "cutover", power: "pwr", pinned: "yes", compass: "north" },
    { note: "the password was rotated by admin@acme.com: thank you" },
    { arn: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf" },
  ])("but not what only resembles it: %j", ({ note, ...tags }: Readonly<Record<string, string>>) => {
    const event = { ...NIGHTLY.event, ...(note !== undefined && { reason: note.replace("was rotated", "changes") }) };
    const schedules = [{ ...NIGHTLY, event }];
    expect(read({ environments: [{ ...PRODUCTION, schedules }], tags }).environments).toHaveLength(1);
  });

  test("in the policy as well", () => {
    write("policy.json", { ...POLICY, protected: { tags: ["password: hunter2"] } });
    expect(() => readOne({})).toThrow(/protected\.tags\[0\]: got a text of/);
  });
});

describe("two environments", () => {
  const secret = { create: "cutover/staging" };
  const staging = { ...PRODUCTION, name: "staging", policyFile: "staging.json", secret };
  const github = { repository: "acme/phones", from: { branch: "main" } };

  const STAGING_POLICY = { ...POLICY, baseUrl: "https://team.evovoice.io" };

  beforeEach(() => {
    write("staging.json", STAGING_POLICY);
  });

  test("that name the same account of the same address would flip it at the same time, and are refused", () => {
    const readBoth = (policy: object) => {
      write("policy.json", { ...POLICY, accountIds: ["acme", "globex"] });
      write("staging.json", { ...POLICY, ...policy });
      return read({ environments: [PRODUCTION, staging] }).environments;
    };
    expect(() => readBoth({ accountIds: ["initech", "globex"] })).toThrow(
      /environments\[1\]\.policyFile: got https:\/\/evovoice\.io globex of another environment; expected accounts/,
    );
    expect(readBoth({ accountIds: ["initech"] })).toHaveLength(2);
    expect(readBoth({ accountIds: ["globex"], baseUrl: "https://team.evovoice.io" })).toHaveLength(2);
  });

  test("may stand side by side", () => {
    const { environments } = read({ environments: [PRODUCTION, staging], tags: { team: "telephony" } });
    expect(environments.map(({ name }) => name)).toEqual(["production", "staging"]);
  });

  test.each([
    ["have one name", {}, { name: "production" }, /environments\[1\]\.name: got the name of another one/],
    [
      "create one registry of test events",
      { testEvents: "create" },
      { testEvents: "create" },
      /environments\[1\]\.testEvents/,
    ],
    ["create one provider for GitHub", { github }, { github }, /environments\[1\]\.github: expected providerArn/],
    [
      "create one secret",
      {},
      { secret: PRODUCTION.secret },
      /environments\[1\]\.secret\.create: got the name of another/,
    ],
  ])("that %s are refused", (_which, first, second, message) => {
    expect(() =>
      read({
        environments: [
          { ...PRODUCTION, ...first },
          { ...staging, ...second },
        ],
      }),
    ).toThrow(message);
  });

  test("that create a webhook's secret of another secret's name are refused, in one environment or in two", () => {
    write("policy.json", { ...POLICY, webhooks: { github: GITHUB_SOURCE } });
    write("staging.json", { ...STAGING_POLICY, webhooks: { github: GITHUB_SOURCE } });
    const webhooks = { github: PRODUCTION.secret };
    expect(() => readOne({ webhooks })).toThrow(/environments\[0\]\.webhooks\.github\.create: got the name of another/);
    const own = { webhooks: { github: { create: "cutover/github" } } };
    const other = { ...staging, secret: { create: "cutover/staging" } };
    expect(() =>
      read({
        environments: [
          { ...PRODUCTION, ...own },
          { ...other, ...own },
        ],
      }),
    ).toThrow(/environments\[1\]\.webhooks\.github\.create: got the name of another/);
    const shared = { webhooks: { github: { import: "cutover/github" } } };
    expect(
      read({
        environments: [
          { ...PRODUCTION, ...own },
          { ...other, ...shared },
        ],
      }).environments,
    ).toHaveLength(2);
  });

  test("in two regions have each its own secret of a name", () => {
    const environments = [
      { ...PRODUCTION, region: "eu-central-1" },
      { ...staging, region: "us-east-1", secret: PRODUCTION.secret },
    ];
    expect(read({ environments }).environments).toHaveLength(2);
  });

  test("in two regions have each its own registry", () => {
    const inRegion = (region: string) => ({ region, testEvents: "create" });
    const environments = [
      { ...PRODUCTION, ...inRegion("eu-central-1") },
      { ...staging, ...inRegion("us-east-1") },
    ];
    expect(read({ environments }).environments).toHaveLength(2);
  });
});

test("a policy that the worker would refuse is refused before the deploy", () => {
  write("policy.json", { baseUrl: "http://evovoice.io", accountIds: [] });
  expect(() => readOne({})).toThrow(/environments\[0\]\.policyFile[\s\S]*baseUrl[\s\S]*accountIds/);
});

test("a member that comes twice is refused, in the policy as by the worker and in the configuration itself", () => {
  write("policy.json", JSON.stringify(POLICY).replace("{", '{"accountIds":["other"],'));
  expect(() => readOne({})).toThrow(/environments\[0\]\.policyFile[\s\S]*accountIds: got this member twice/);
  const config = JSON.stringify({ environments: [PRODUCTION] }).replace('{"name"', '{"github":{},"github":{},"name"');
  const path = write("config.json", config);
  expect(() => readInfraConfig(path)).toThrow(/environments\[0\]\.github: got this member twice/);
  const readOther = () =>
    readInfraConfig(write("other.json", '{"tags":{"team":"a","team":"b"},"environments":[{"name":"production"}]}'));
  expect(readOther).toThrow(/tags\.team: got this member twice/);
  expect(readOther).toThrow(/environments\[0\]\.secret/);
});

test("an event that the front door would refuse at night is refused before the deploy, with its path", () => {
  const event = { ...NIGHTLY.event, targets: { cohort: "canary" }, exclud: [] };
  const refusal = () => readOne({ schedules: [{ ...NIGHTLY, event }] });
  expect(refusal).toThrow(/environments\[0\]\.schedules\[0\]\.event\.targets\.cohort: got "canary"/);
  expect(refusal).toThrow(/environments\[0\]\.schedules\[0\]\.event\.exclud: got an unknown member/);
  expect(() => readOne({ schedules: [NIGHTLY, NIGHTLY] })).toThrow(/schedules\[1\]\.name: got the name of another/);
});

test("sources of webhooks are named alike in the policy and in the configuration", () => {
  const webhooks = { github: { create: "cutover/github" } };
  expect(() => readOne({ webhooks })).toThrow(/environments\[0\]\.webhooks\.github: expected a source/);
  write("policy.json", { ...POLICY, webhooks: { github: GITHUB_SOURCE } });
  expect(readOne({ webhooks }).environments[0]?.webhooks).toEqual(webhooks);
  expect(() => readOne({})).toThrow(/environments\[0\]\.webhooks\.github: expected its signing secret/);
});

test.each([
  ["acme/phones", true],
  ["octocat@123456/my-repo@456789", true],
  ["octocat@123456/my-repo", false],
  ["octocat/my-repo@456789", false],
  ["octocat@octocat/my-repo@456789", false],
  ["octocat@123456/*", false],
  ["repo:octocat@123456/my-repo@456789", false],
])("a repository of GitHub is known by its names, or by names and both ids: %s", (repository, isOne) => {
  const read = () => readOne({ github: { repository, from: { branch: "main" } } });
  if (isOne) expect(read().environments[0]?.github?.repository).toBe(repository);
  else expect(read).toThrow(/github\.repository: got ".*"; expected "owner\/name", or with both ids/);
});

test("a role for GitHub takes no wildcard", () => {
  const github = (from: object) => () => readOne({ github: { repository: "acme/phones", from } });
  expect(github({ branch: "*" })).toThrow(/without wildcards/);
  expect(github({ environment: "prod*" })).toThrow(/without wildcards/);
  expect(github({})).toThrow(/github\.from/);
});

test("a file that is missing or not JSON is named", () => {
  expect(() => readInfraConfig(join(folder, "nowhere.json"))).toThrow(/nowhere\.json cannot be read \(ENOENT\)/);
  expect(() => read("{ environments")).toThrow(/config\.json is not JSON \(line 1 column 3\); correct it/);
});

test.each([
  ['{\n"environments": [],\n"password": hunter2-secret\n}', "(near line 3)"],
  ['{"password": "hunter2"\n"other": 1}', "(line 2 column 1)"],
  ['"hunter2', "(line 1 column 9)"],
  ["hunter2", "(near line 1)"],
  ["", ""],
])("of broken JSON only the place is told, for a password may stand there: %j", (text, place) => {
  const broken = findError(() => read(text));
  expect(broken?.message).toBe(`${join(folder, "config.json")} is not JSON${place && ` ${place}`}; correct it`);
  expect(inspect(broken)).not.toMatch(/hunter2/);
});

function findError(act: () => unknown): Error | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

test("a tag that AWS would refuse is refused", () => {
  const tagged = (tags: object) => () => read({ environments: [PRODUCTION], tags });
  for (const name of ["aws:foo", "AWS:foo", "a".repeat(129), "a!"])
    expect(tagged({ [name]: "x" })).toThrow(/tags.*expected a tag's name/);
  expect(tagged({ team: "a".repeat(257) })).toThrow(/tags\.team: got .*expected a text of at most 256/);
  expect(tagged({ team: "a{b}" })).toThrow(/tags\.team/);
  expect(tagged({ "cost centre:1": "Straße 7/a", [`a${"b".repeat(127)}`]: "" })().environments).toHaveLength(1);
});
