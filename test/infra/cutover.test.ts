import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { AccountPrincipal, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { Cutover } from "../../infra/constructs/cutover.ts";
import { TEST_EVENTS } from "../../infra/constructs/test-events.ts";
import type { EnvironmentConfig } from "../../infra/read-environments.ts";
import { parsePolicy } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/events/accept.ts";
import { readArrival } from "../../lambda/events/arrival.ts";
import { DEPLOY_EVENT_TYPE } from "../../lambda/events/event-bridge.ts";
import { CHANGE_SOURCE, CHANGE_TYPE } from "../../lambda/rollout/change.ts";
import { aChange } from "../lambda/rollout/a-change.ts";
import {
  DESCRIPTIONS,
  findFunction,
  GITHUB_SOURCE,
  makeApp,
  makeStack,
  POLICY,
  ROOT,
  type Statement,
  statementsOf,
  synthesize,
  targetOf,
} from "./make-stack.ts";

const WEBHOOK = {
  policy: { ...POLICY, webhooks: { github: GITHUB_SOURCE } },
  webhooks: { github: { create: "cutover/github" } },
} satisfies Partial<EnvironmentConfig>;

const PIPELINES = {
  phones: { action: "promote", release: { from: "executionId" }, targets: { all: true } },
} satisfies NonNullable<EnvironmentConfig["policy"]["pipelines"]>;

const NIGHTLY = {
  name: "nightly",
  expression: "cron(0 2 * * ? *)",
  event: { action: "promote", release: "nightly", targets: { all: true } },
} satisfies EnvironmentConfig["schedules"][number];

const EVERYTHING = {
  ...WEBHOOK,
  policy: { ...WEBHOOK.policy, pipelines: PIPELINES },
  encryptionKeyArn: "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000",
  schedules: [NIGHTLY],
  events: { sources: ["com.example.deploy"] },
  github: { repository: "acme/phones", from: { branch: "main" } },
  testEvents: "create",
  alarmTopicArn: "arn:aws:sns:eu-central-1:111122223333:on-call",
  tell: { emails: ["on-call@example.com"], bus: "deployments" },
} satisfies Partial<EnvironmentConfig>;

describe("the worker", () => {
  const template = synthesize();

  test("is a durable function on Node 24 and arm64, with a full invocation's time", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: 900,
      DurableConfig: { ExecutionTimeout: 31 * 86_400, RetentionPeriodInDays: 90 },
      ReservedConcurrentExecutions: Match.absent(),
      // A fixed name would make a replacement fail.
      FunctionName: Match.absent(),
    });
  });

  test("is invoked by its alias, and a deploy deletes no version", () => {
    template.hasResourceProperties("AWS::Lambda::Alias", { Name: "live" });
    template.hasResource("AWS::Lambda::Version", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  test("knows its table, its secret, whom to tell and its policy", () => {
    expect(findFunction(template, DESCRIPTIONS.cutover).properties.Environment.Variables).toEqual({
      CUTOVER_TABLE_NAME: { Ref: Object.keys(template.findResources("AWS::DynamoDB::Table"))[0] },
      CUTOVER_SECRET_ID: { Ref: Object.keys(template.findResources("AWS::SecretsManager::Secret"))[0] },
      CUTOVER_EVENT_BUS: "default",
      CUTOVER_TOPIC_ARN: { Ref: Object.keys(template.findResources("AWS::SNS::Topic"))[0] },
      CUTOVER_POLICY_FILE: "policy.json",
      POWERTOOLS_SERVICE_NAME: "cutover-production",
      NODE_OPTIONS: expect.stringMatching(/^--enable-source-maps --max-semi-space-size=8/),
    });
  });

  test("that fails is not begun again behind anybody's back, and leaves a dead letter", () => {
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: findFunction(template, DESCRIPTIONS.cutover).id },
      MaximumRetryAttempts: 0,
    });
    const queue = Object.keys(template.findResources("AWS::SQS::Queue"))[0];
    for (const words of [DESCRIPTIONS.cutover, DESCRIPTIONS.start])
      expect(targetOf(findFunction(template, words).properties.DeadLetterConfig.TargetArn)).toBe(queue);
  });
});

test("every function logs to a group of its own that forgets", () => {
  const template = synthesize(WEBHOOK);
  const groups = Object.values(DESCRIPTIONS).map((words) => {
    const { LoggingConfig } = findFunction(template, words).properties;
    return targetOf(LoggingConfig.LogGroup);
  });
  expect(new Set(groups).size).toBe(3);
  for (const group of groups)
    expect(template.findResources("AWS::Logs::LogGroup")[group ?? ""]?.Properties.RetentionInDays).toBe(90);
});

test("the ledger is kept, can be restored to any second, and forgets what has expired", () => {
  synthesize().hasResource("AWS::DynamoDB::Table", {
    Properties: {
      BillingMode: "PAY_PER_REQUEST",
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    },
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
  });
});

describe("a secret", () => {
  const readsOf = (template: Template, words: string = DESCRIPTIONS.cutover) =>
    statementsOf(template, findFunction(template, words).roleId).filter(({ Action }) =>
      /secretsmanager|kms/.test(JSON.stringify(Action)),
    );

  test("is created empty and outlives the stack", () => {
    synthesize().hasResource("AWS::SecretsManager::Secret", {
      Properties: { Name: "cutover/evovoice", SecretString: Match.absent(), GenerateSecretString: Match.absent() },
      // A deploy that fails takes it along, so that its name is free for the next one.
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
  });

  test.each([
    ["name", "evovoice/dashboard", /:secret:evovoice\/dashboard-\?{6}"/],
    [
      "whole ARN",
      "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf",
      /^"arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf"$/,
    ],
    [
      "ARN without its end",
      "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login",
      /^"arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-\?{6}"$/,
    ],
  ])("that is imported by %s is only read", (_which, name, resource) => {
    const template = synthesize({ secret: { import: name } });
    template.resourceCountIs("AWS::SecretsManager::Secret", 0);
    expect(findFunction(template, DESCRIPTIONS.cutover).properties.Environment.Variables.CUTOVER_SECRET_ID).toBe(name);
    expect(readsOf(template).map(({ Resource }) => JSON.stringify(Resource))).toEqual([
      expect.stringMatching(resource),
    ]);
  });

  test("whose ARN may be whole or not is read either way", () => {
    const arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:evo-signin";
    expect(readsOf(synthesize({ secret: { import: arn } })).map(({ Resource }) => Resource)).toEqual([
      [arn, `${arn}-??????`],
    ]);
  });

  test("with a key of the customer's is decrypted by way of Secrets Manager only", () => {
    const { encryptionKeyArn } = EVERYTHING;
    const template = synthesize({ encryptionKeyArn });
    template.hasResourceProperties("AWS::SecretsManager::Secret", { KmsKeyId: encryptionKeyArn });
    const [decrypt] = readsOf(template).filter(({ Action }) => Action === "kms:Decrypt");
    expect(decrypt?.Resource).toBe(encryptionKeyArn);
    expect(JSON.stringify(decrypt?.Condition)).toMatch(/kms:ViaService.*secretsmanager\./);
  });
});

describe("the public door", () => {
  test("is not there without a source", () => {
    synthesize().resourceCountIs("AWS::Lambda::Url", 0);
    expect(() => findFunction(synthesize(), DESCRIPTIONS.webhook)).toThrow();
  });

  test("needs no sign-in, because signatures are checked, and knows where its secrets are", () => {
    const template = synthesize(WEBHOOK);
    template.hasResourceProperties("AWS::Lambda::Url", { AuthType: "NONE" });
    const { CUTOVER_WEBHOOK_SECRETS } = findFunction(template, DESCRIPTIONS.webhook).properties.Environment.Variables;
    expect(JSON.stringify(CUTOVER_WEBHOOK_SECRETS)).toMatch(/github.*"Ref"/);
  });

  test("takes as much at once as it is allowed to", () => {
    const concurrencyOf = (template: Template) =>
      findFunction(template, DESCRIPTIONS.webhook).properties.ReservedConcurrentExecutions;
    expect(concurrencyOf(synthesize(WEBHOOK))).toBeUndefined();
    expect(concurrencyOf(synthesize({ ...WEBHOOK, webhookConcurrency: 5 }))).toBe(5);
  });

  test.each([
    ["a source of the policy without a secret", { policy: WEBHOOK.policy }, /webhooks\.github: expected its signing/],
    [
      "the login's own secret",
      { ...WEBHOOK, webhooks: { github: { create: "cutover/evovoice" } } },
      /webhooks\.github\.create: got the name of another/,
    ],
    ["a secret without a source", { webhooks: WEBHOOK.webhooks }, /webhooks\.github: expected a source/],
  ])("is refused with %s", (_which, given, message) => {
    expect(() => makeStack(given)).toThrow(message);
  });
});

describe("a schedule", () => {
  const schedule = { ...NIGHTLY, timeZone: "Europe/Berlin", maxAgeMinutes: 90, flexibleMinutes: 15, retries: 2 };
  const template = synthesize({ schedules: [schedule] });

  test("is early enough or not at all", () => {
    template.hasResourceProperties("AWS::Scheduler::Schedule", {
      Name: "nightly",
      ScheduleExpression: "cron(0 2 * * ? *)",
      ScheduleExpressionTimezone: "Europe/Berlin",
      FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 15 },
      State: "ENABLED",
      Target: {
        RetryPolicy: { MaximumEventAgeInSeconds: 90 * 60, MaximumRetryAttempts: 2 },
        DeadLetterConfig: { Arn: Match.anyValue() },
      },
    });
  });

  test("sends what the front door understands: the same rollout for the same time, refused when it is too late", () => {
    const [{ Properties } = { Properties: undefined }] = Object.values(
      template.findResources("AWS::Scheduler::Schedule"),
    );
    const send = (time: string) => {
      const sent = String(Properties?.Target.Input)
        .replace("<aws.scheduler.schedule-arn>", "arn:aws:scheduler:eu-central-1:111122223333:schedule/group/nightly")
        .replace("<aws.scheduler.scheduled-time>", time);
      const arrival = readArrival(JSON.parse(sent));
      if (arrival.kind !== "deploy event") throw new Error(`it arrived as a ${arrival.kind}`);
      return acceptDeployEvent(arrival.input, parsePolicy(POLICY));
    };
    const event = send("2026-11-23T02:00:00Z");
    expect(event).toMatchObject({ action: "promote", targets: [{ all: true }], notAfter: "2026-11-23T03:30:00.000Z" });
    expect(send("2026-11-23T02:00:00Z").id).toBe(event.id);
    expect(send("2026-11-24T02:00:00Z").id).not.toBe(event.id);
  });

  test("has a role that calls the front door and the dead letters, for schedules of this deployment only", () => {
    const [{ Properties } = { Properties: undefined }] = Object.values(
      template.findResources("AWS::Scheduler::Schedule"),
    );
    const roleId = targetOf(Properties?.Target.RoleArn) ?? "";
    const role = template.findResources("AWS::IAM::Role")[roleId];
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toMatch(/aws:SourceArn.*scheduler\.amazonaws/);
    expect(toGrants(statementsOf(template, roleId))).toEqual([
      ["lambda:InvokeFunction", findFunction(template, DESCRIPTIONS.start).id],
      ["sqs:SendMessage", Object.keys(template.findResources("AWS::SQS::Queue"))[0]],
    ]);
  });

  test.each([
    ["an event of another shape", { event: { action: "promot" } }, /schedules\[0\]\.event\.action: got "promot"/],
    [
      "a cohort that the policy does not have",
      { event: { ...NIGHTLY.event, targets: { cohort: "beta" } } },
      /schedules\[0\]\.event\.targets\.cohort: got "beta"/,
    ],
    ["an id of its own", { event: { ...NIGHTLY.event, id: "always" } }, /schedules\[0\]\.event\.id: .*run once/],
    [
      "an expression that is none",
      { expression: "rate(0 parsecs)" },
      /schedules\[0\]\.expression: got "rate\(0 parsecs/,
    ],
    ["a time zone that is none", { timeZone: "Berlin" }, /schedules\[0\]\.timeZone: got "Berlin"/],
    ["a window as long as its age", { maxAgeMinutes: 30, flexibleMinutes: 30 }, /flexibleMinutes: got 30/],
  ])("with %s fails the synth with its path", (_which, given, message) => {
    expect(() => makeStack({ schedules: [{ ...NIGHTLY, ...given }] })).toThrow(message);
  });
});

const toGrants = (statements: readonly Statement[]) =>
  statements.map(({ Action, Resource }) => [Action, targetOf(Resource)]);

describe("EventBridge", () => {
  const rulesOf = (given: Partial<EnvironmentConfig>) =>
    Object.values(synthesize(given).findResources("AWS::Events::Rule")).map(({ Properties }) => Properties);

  test("brings deploy events of those who are named, and nobody's when none is", () => {
    expect(rulesOf({})).toEqual([]);
    const [rule] = rulesOf({ events: { sources: ["com.example.deploy"], bus: "deploys" } });
    expect(rule?.EventPattern).toEqual({ source: ["com.example.deploy"], "detail-type": ["Cutover Deploy Event"] });
    expect(JSON.stringify(rule?.EventBusName)).toContain("deploys");
    expect(rule?.Targets).toEqual([
      expect.objectContaining({
        RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 3 },
        DeadLetterConfig: expect.anything(),
      }),
    ]);
  });

  test("never brings what we send ourselves", () => {
    expect(CHANGE_TYPE).not.toBe(DEPLOY_EVENT_TYPE);
    const rules = rulesOf({
      events: { sources: ["com.example.deploy"] },
      policy: { ...POLICY, pipelines: PIPELINES },
    });
    expect(rules).toHaveLength(2);
    for (const { EventPattern } of rules) {
      expect(EventPattern["detail-type"]).not.toContain(CHANGE_TYPE);
      expect(EventPattern.source).not.toContain(CHANGE_SOURCE);
    }
    expect(() => makeStack({ events: { sources: [CHANGE_SOURCE] } })).toThrow(/sends what happened/);
    expect(() => makeStack({ events: { sources: ["aws.codepipeline"] } })).toThrow(/named in the policy/);
  });

  test("tells of the success of the pipelines that the policy names", () => {
    expect(rulesOf({ policy: { ...POLICY, pipelines: PIPELINES } }).map(({ EventPattern }) => EventPattern)).toEqual([
      {
        source: ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        detail: { pipeline: ["phones"], state: ["SUCCEEDED"] },
      },
    ]);
  });
});

test("a change that a rule of somebody's brings to the front door all the same starts nothing", () => {
  const event = { "detail-type": CHANGE_TYPE, source: CHANGE_SOURCE, detail: aChange({ change: "started" }) };
  const envelope = { version: "0", id: "6a7e8feb", account: "111122223333", region: "eu-central-1", resources: [] };
  const bridged = { ...envelope, time: "2026-11-23T02:00:00Z", ...event };
  expect(() => readArrival(bridged)).toThrow(/its detail-type is not "Cutover Deploy Event"/);
});

describe("whom it tells", () => {
  const tellsOf = (given: Partial<EnvironmentConfig>) => {
    const template = synthesize(given);
    const statements = statementsOf(template, findFunction(template, DESCRIPTIONS.cutover).roleId);
    return statements.filter(({ Action }) => ["events:PutEvents", "sns:Publish"].includes(String(Action)));
  };

  test("is the default bus, and a topic of its own that nobody is subscribed to", () => {
    const template = synthesize();
    template.resourceCountIs("AWS::SNS::Topic", 1);
    template.resourceCountIs("AWS::SNS::Subscription", 0);
    const [put, publish] = tellsOf({});
    expect(JSON.stringify(put?.Resource)).toMatch(/:event-bus\/default"/);
    expect(targetOf(publish?.Resource)).toBe(Object.keys(template.findResources("AWS::SNS::Topic"))[0]);
  });

  test("is encrypted, and reached by TLS only", () => {
    const template = synthesize();
    template.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Effect: "Deny",
            Action: "sns:Publish",
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          }),
        ],
      }),
    });
  });

  test("are those whose addresses are configured, each once", () => {
    const template = synthesize({ tell: { emails: ["ann@example.com", "bob@example.com", "ann@example.com"] } });
    const subscriptions = Object.values(template.findResources("AWS::SNS::Subscription"));
    expect(subscriptions.map(({ Properties }) => [Properties.Protocol, Properties.Endpoint])).toEqual([
      ["email", "ann@example.com"],
      ["email", "bob@example.com"],
    ]);
  });

  test.each([
    ["name", "deployments", /:event-bus\/deployments"/],
    ["ARN", "arn:aws:events:eu-central-1:444455556666:event-bus/deployments", /^"arn:.*:444455556666:/],
  ])("is another bus by its %s, and no other", (_which, bus, resource) => {
    const given = { tell: { bus } };
    const { Variables } = findFunction(synthesize(given), DESCRIPTIONS.cutover).properties.Environment;
    expect(Variables.CUTOVER_EVENT_BUS).toBe(bus);
    expect(JSON.stringify(tellsOf(given)[0]?.Resource)).toMatch(resource);
  });
});

describe("GitHub Actions", () => {
  const provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";

  test.each<[string, NonNullable<EnvironmentConfig["github"]>, string]>([
    ["a branch", { repository: "acme/phones", from: { branch: "main" } }, "repo:acme/phones:ref:refs/heads/main"],
    [
      "an environment",
      { repository: "acme/phones", from: { environment: "production" } },
      "repo:acme/phones:environment:production",
    ],
    [
      "a branch of a repository that is known by its ids, as GitHub's new ones are,",
      { repository: "acme@123456/phones@456789", from: { branch: "main" } },
      "repo:acme@123456/phones@456789:ref:refs/heads/main",
    ],
  ])("of %s of one repository may call the front door, and nothing else", (_which, github, subject) => {
    const template = synthesize({ github: { ...github, providerArn: provider } });
    const roles = template.findResources("AWS::IAM::Role", {
      Properties: { AssumeRolePolicyDocument: { Statement: [{ Action: "sts:AssumeRoleWithWebIdentity" }] } },
    });
    const [[roleId, role] = ["", undefined]] = Object.entries(roles);
    expect(role?.Properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: "sts:AssumeRoleWithWebIdentity",
        Effect: "Allow",
        Principal: { Federated: provider },
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subject,
          },
        },
      },
    ]);
    expect(toGrants(statementsOf(template, roleId))).toEqual([
      ["lambda:InvokeFunction", findFunction(template, DESCRIPTIONS.start).id],
    ]);
    template.resourceCountIs("AWS::IAM::OIDCProvider", 0);
  });

  test("are known by a provider that is created when the account has none, and stays for others", () => {
    synthesize({ github: EVERYTHING.github }).hasResource("AWS::IAM::OIDCProvider", {
      Properties: { Url: "https://token.actions.githubusercontent.com", ClientIdList: ["sts.amazonaws.com"] },
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
  });
});

describe("the console's test events", () => {
  test("are where the console looks for them", () => {
    const template = synthesize({ testEvents: "import" });
    template.resourceCountIs("AWS::EventSchemas::Registry", 0);
    const { id } = findFunction(template, DESCRIPTIONS.start);
    template.hasResourceProperties("AWS::EventSchemas::Schema", {
      RegistryName: "lambda-testevent-schemas",
      SchemaName: { "Fn::Join": ["", ["_", { Ref: id }, "-schema"]] },
      Type: "OpenApi3",
      Content: Match.serializedJson(
        Match.objectLike({ components: { examples: { "dry-run": { value: TEST_EVENTS["dry-run"] } } } }),
      ),
    });
  });

  test("have a registry that stays for others", () => {
    synthesize({ testEvents: "create" }).hasResource("AWS::EventSchemas::Registry", {
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
  });

  test.each(Object.entries(TEST_EVENTS))("%s is understood by the front door", (_name, event) => {
    const arrival = readArrival(event);
    if (arrival.kind === "deploy event") acceptDeployEvent(arrival.input, parsePolicy(POLICY));
    else expect(arrival.kind).toBe("command");
  });

  test("flip nobody by mistake: the first is a dry run, the others name a customer who does not exist", () => {
    expect(TEST_EVENTS["dry-run"].dryRun).toBe(true);
    for (const name of ["stage", "promote"] as const)
      expect(TEST_EVENTS[name].targets).toEqual({ customerIds: ["replace-with-a-test-customer"] });
  });
});

describe("alarms", () => {
  test("tell somebody, when somebody is named", () => {
    const { alarmTopicArn } = EVERYTHING;
    const alarms = Object.values(synthesize({ alarmTopicArn }).findResources("AWS::CloudWatch::Alarm"));
    expect(alarms.length).toBeGreaterThan(5);
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toEqual([alarmTopicArn]);
  });

  test("count what rollouts of this deployment came to", () => {
    const template = synthesize();
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "cutover-production-rollout-failed",
      Namespace: "Cutover",
      MetricName: "RolloutFailed",
      Dimensions: [{ Name: "service", Value: "cutover-production" }],
      TreatMissingData: "notBreaching",
    });
  });

  test("speak of refused signatures only where there is a public door", () => {
    const named = (given: Partial<EnvironmentConfig>) =>
      JSON.stringify(synthesize(given).findResources("AWS::CloudWatch::Alarm")).includes("SignatureRefused");
    expect([named({}), named(WEBHOOK)]).toEqual([false, true]);
  });
});

describe("in an app of one's own", () => {
  const makeOwn = (policy: ConstructorParameters<typeof Cutover>[2]["policy"] = POLICY) => {
    const stack = new Stack(makeApp(), "phones");
    return { stack, cutover: new Cutover(stack, "Cutover", { policy }) };
  };

  test("a policy is all that is needed", () => {
    const { stack } = makeOwn();
    const template = Template.fromStack(stack);
    template.hasResourceProperties("AWS::SecretsManager::Secret", { Name: "phones/evovoice" });
  });

  test("an account's id that nobody has filled in yet is warned of, at every synth", () => {
    const warningsOf = (accountIds: string[]) =>
      makeOwn({ ...POLICY, accountIds }).cutover.node.metadata.map(({ data }) => data);
    const { accountIds } = JSON.parse(readFileSync(join(ROOT, "infra/policy.json"), "utf8"));
    expect(warningsOf(accountIds)).toEqual([expect.stringContaining("write the ids of the Evo Voice accounts")]);
    expect(warningsOf(["acme"])).toEqual([]);
  });

  test("a policy that the worker would refuse fails the synth, and so does one with a password in it", () => {
    expect(() => makeOwn({ baseUrl: "http://evovoice.io", accountIds: [] })).toThrow(/baseUrl[\s\S]*accountIds/);
    const withPassword = { ...POLICY, protected: { tags: ["password=hunter2"] } };
    expect(() => makeOwn(withPassword)).toThrow(/protected\.tags\[0\]: got a text of 16 characters/);
    expect(() => makeOwn(withPassword)).not.toThrow(/hunter2/);
    const schedules = [{ ...NIGHTLY, event: { ...NIGHTLY.event, reason: "password=hunter2" } }];
    const makeScheduled = () => new Cutover(new Stack(makeApp(), "phones"), "Cutover", { policy: POLICY, schedules });
    expect(makeScheduled).toThrow(/schedules\[0\]\.event\.reason: got a text of 16 characters/);
    expect(makeScheduled).not.toThrow(/hunter2/);
  });

  test("a role may be allowed to start rollouts, and another to read the ledger", () => {
    const { stack, cutover } = makeOwn();
    const assumedBy = new ServicePrincipal("codebuild.amazonaws.com");
    cutover.grantStart(new Role(stack, "Starter", { assumedBy }));
    cutover.grantReadLedger(new Role(stack, "Reader", { assumedBy }));
    const template = Template.fromStack(stack);
    const roleOf = (name: string) =>
      Object.keys(template.findResources("AWS::IAM::Role")).find((id) => id.startsWith(name)) ?? "";
    expect(toGrants(statementsOf(template, roleOf("Starter")))).toEqual([
      ["lambda:InvokeFunction", findFunction(template, DESCRIPTIONS.start).id],
    ]);
    expect(statementsOf(template, roleOf("Reader")).flatMap(({ Action }) => Action)).toEqual([
      "dynamodb:GetItem",
      "dynamodb:Query",
    ]);
  });
});

test.each([
  ["a service", () => new ServicePrincipal("codebuild.amazonaws.com")],
  ["another account", () => new AccountPrincipal("444455556666")],
])("what cannot be granted to %s is said, and not left out silently", (_whom, toPrincipal) => {
  const { cutover } = makeStack();
  expect(() => cutover.grantStart(toPrincipal())).toThrow(/^lambda:InvokeFunction cannot be granted to /);
  expect(() => cutover.grantReadLedger(toPrincipal())).toThrow(/^dynamodb:GetItem, dynamodb:Query cannot be granted/);
});

describe("AWS's own checks", () => {
  const findViolations = (app: IConstruct) =>
    new AwsSolutionsChecks()
      .validateScope(app)
      .violations.map(({ ruleName, description }) => `${ruleName}: ${description}`);

  test("find nothing that is not explained, in two environments of one app", () => {
    const app = makeApp();
    makeStack(EVERYTHING, app);
    makeStack({ name: "staging", secret: { import: "evovoice/team" } }, app);
    expect(findViolations(app)).toEqual([]);
  });

  test("would find it", () => {
    const app = makeApp();
    new Queue(makeStack({}, app), "Unprotected");
    expect(findViolations(app).join()).toMatch(/AwsSolutions-SQS4/);
  });
});
