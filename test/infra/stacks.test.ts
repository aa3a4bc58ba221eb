import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Duration, Stack, TimeZone } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { EventBus } from "aws-cdk-lib/aws-events";
import { OidcProviderNative, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Construct, IConstruct } from "constructs";
import type { PolicyInput } from "../../infra/constructs/bundled-function.ts";
import { Cutover, type CutoverProps } from "../../infra/constructs/cutover.ts";
import { EventTriggers } from "../../infra/constructs/event-triggers.ts";
import { type CutoverSchedule, Schedules } from "../../infra/constructs/schedules.ts";
import { TEST_EVENTS } from "../../infra/constructs/test-events.ts";
import { Webhook } from "../../infra/constructs/webhook.ts";
import { addEnvironments } from "../../infra/stacks/add-stacks.ts";
import { parsePolicy } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/contract/accept-deploy-event.ts";
import { RIGHTS } from "../../lambda/contract/rights.ts";
import { EVENT_SOURCE } from "../../lambda/core/report/rollout-event.ts";
import { DEPLOY_EVENT_TYPE } from "../../lambda/triggers/event-bridge.ts";
import { parseTrigger } from "../../lambda/triggers/parse-trigger.ts";
import { describe, expect, test } from "../support/jest.ts";
import {
  findFunction,
  GITHUB_SOURCE,
  type Given,
  idsOf,
  makeApp,
  makeStacks,
  POLICY,
  propertiesOf,
  ROOT,
  type Statement,
  statementsOf,
  synthesize,
  targetOf,
  WITH_WEBHOOK,
} from "./make-stack.ts";

const PIPELINES = {
  phones: { action: "promote", release: { from: "executionId" }, targets: { all: true } },
} satisfies NonNullable<PolicyInput["pipelines"]>;

const PROMOTE = { action: "promote", release: "nightly", targets: { all: true } } as const;
const NIGHTLY: CutoverSchedule = {
  name: "nightly",
  expression: ScheduleExpression.cron({ minute: "0", hour: "2" }),
  event: PROMOTE,
};

const KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000";
const TOPIC = "arn:aws:sns:eu-central-1:111122223333:on-call";
const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const BUS = "arn:aws:events:eu-central-1:444455556666:event-bus/deploys";
const toProvider = (scope: Construct) => OidcProviderNative.fromOidcProviderArn(scope, "GH", PROVIDER);

const EVERYTHING: Given = {
  policy: { ...POLICY, ...WITH_WEBHOOK.policy, pipelines: PIPELINES },
  encryptionKey: (scope) => Key.fromKeyArn(scope, "Key", KEY),
  schedules: [NIGHTLY],
  events: { sources: ["com.example.deploy"] },
  github: { repository: "acme/phones", from: { branch: "main" } },
  testEvents: "create",
  alarmTopic: (scope) => Topic.fromTopicArn(scope, "AlarmTopic", TOPIC),
  notifications: {
    emails: ["ann@example.com", "bob@example.com", "ann@example.com"],
    bus: (scope) => EventBus.fromEventBusArn(scope, "Bus", BUS),
  },
};

/** A first deploy that fails removes it, so that its name is free for the next one. */
const KEPT = { DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain" };

const toGrants = (statements: readonly Statement[]) =>
  statements.flatMap(({ Action, Resource }) => [Resource].flat().map((each) => [Action, targetOf(each)]));

describe("the three stacks", () => {
  test("have the secrets, the functions with their observation, and the triggers", () => {
    const { secrets, cutover, triggers } = synthesize(EVERYTHING);
    secrets.resourceCountIs("AWS::SecretsManager::Secret", 2);
    secrets.resourceCountIs("AWS::Lambda::Function", 0);
    cutover.resourceCountIs("AWS::Lambda::Function", 2);
    for (const type of ["DynamoDB::Table", "CloudWatch::Dashboard", "SNS::Topic", "SQS::Queue"])
      cutover.resourceCountIs(`AWS::${type}`, 1);
    for (const type of ["Scheduler::Schedule", "Lambda::Url", "Lambda::Function", "IAM::OIDCProvider"])
      triggers.resourceCountIs(`AWS::${type}`, 1);
    triggers.resourceCountIs("AWS::Events::Rule", 2);
    // The replacement of a function with a fixed name would fail.
    for (const { FunctionName } of propertiesOf({ secrets, cutover, triggers }, "AWS::Lambda::Function"))
      expect(FunctionName).toBeUndefined();
  });

  test("depend on each other in one direction", () => {
    const app = makeApp();
    const { secrets, cutover, triggers } = makeStacks(EVERYTHING, app);
    app.synth();
    expect(
      [secrets, cutover, triggers].map(({ dependencies }) => dependencies.map(({ stackName }) => stackName).sort()),
    ).toEqual([[], ["cutover-production-secrets"], ["cutover-production", "cutover-production-secrets"]]);
  });

  test("are deployed after the environment that creates the registry and provider they import", () => {
    const app = makeApp();
    const github = { repository: "acme/phones", from: { branch: "main" } };
    const importing = { testEvents: "import", github: { ...github, provider: toProvider } } as const;
    addEnvironments(app, [
      { name: "staging", policy: POLICY, ...importing },
      { name: "production", policy: POLICY, testEvents: "create", github },
      { name: "other", policy: POLICY, ...importing, env: { account: "111122223333" } },
    ]);
    const dependenciesOf = (name: string) =>
      (app.node.findChild(name) as Stack).dependencies.map(({ stackName }) => stackName);
    expect(dependenciesOf("cutover-staging")).toContain("cutover-production");
    expect(dependenciesOf("cutover-staging-triggers")).toContain("cutover-production-triggers");
    expect(dependenciesOf("cutover-other")).not.toContain("cutover-production");
  });

  test("have the webhook's URL and function together, because a reference could replace the URL", () => {
    const templates = synthesize(EVERYTHING);
    const [url] = propertiesOf(templates, "AWS::Lambda::Url");
    expect(url?.TargetFunctionArn).toEqual({ "Fn::GetAtt": [findFunction(templates, "webhook").id, "Arn"] });
  });

  test("can be in a region of each of AWS's partitions", () => {
    const { cutover } = synthesize({ env: { account: "111122223333", region: "eusc-de-east-1" } });
    expect(JSON.stringify(cutover)).toContain("arn:aws-eusc:events:eusc-de-east-1:111122223333:event-bus/default");
  });
});

describe("the worker", () => {
  const { cutover } = synthesize();

  test("is a durable function on Node 24 and arm64, with 15 minutes; its versions stay", () => {
    cutover.hasResourceProperties("AWS::Lambda::Function", {
      ...{ Runtime: "nodejs24.x", Architectures: ["arm64"], Timeout: 900 },
      DurableConfig: { ExecutionTimeout: 31 * 86_400, RetentionPeriodInDays: 90 },
      ReservedConcurrentExecutions: Match.absent(),
    });
    cutover.hasResourceProperties("AWS::Lambda::Alias", { Name: "live" });
    cutover.hasResource("AWS::Lambda::Version", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  test("knows its table, its secret, its bus, its topic, its dashboard and its policy", () => {
    const templates = synthesize();
    const { Variables } = findFunction(templates, "worker").properties.Environment;
    const [table, secret, topic] = ["DynamoDB::Table", "SecretsManager::Secret", "SNS::Topic"].map(
      (type) => idsOf(templates, `AWS::${type}`)[0],
    );
    expect(Variables).toMatchObject({
      CUTOVER_TABLE_NAME: { Ref: table },
      CUTOVER_TOPIC_ARN: { Ref: topic },
      CUTOVER_POLICY_FILE: "policy.json",
      POWERTOOLS_SERVICE_NAME: "cutover-production",
      NODE_OPTIONS: expect.stringMatching(/^--enable-source-maps --max-semi-space-size=8/),
    });
    expect(targetOf(Variables.CUTOVER_SECRET_ID)).toContain(secret);
    expect(JSON.stringify(Variables.CUTOVER_DASHBOARD_URL)).toContain("#dashboards/dashboard/cutover-production");
    expect(JSON.stringify(Variables.CUTOVER_EVENT_BUS)).toMatch(/:event-bus\/default"/);
  });

  test("does not repeat a failed rollout, and leaves a dead letter, as the front door does", () => {
    const templates = synthesize();
    cutover.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: findFunction(templates, "worker").id },
      MaximumRetryAttempts: 0,
    });
    for (const entry of ["worker", "front-door"] as const) {
      const { TargetArn } = findFunction(templates, entry).properties.DeadLetterConfig;
      expect(targetOf(TargetArn)).toBe(idsOf(templates, "AWS::SQS::Queue")[0]);
    }
  });
});

describe("the front door", () => {
  const { cutover, triggers } = synthesize({
    events: { sources: ["com.example.deploy"] },
    schedules: [NIGHTLY, { ...NIGHTLY, name: "fix", event: { ...PROMOTE, override: { reason: "a known alarm" } } }],
  });

  test("has an alias for each right, with the delivery of the function itself", () => {
    const { id } = findFunction({ cutover, triggers }, "front-door");
    const delivery = { FunctionName: { Ref: id }, MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 2 };
    const settings = Object.values(
      cutover.findResources("AWS::Lambda::EventInvokeConfig", { Properties: delivery }),
    ).map(({ Properties }) => JSON.stringify(Properties.Qualifier));
    for (const Name of RIGHTS) {
      cutover.hasResourceProperties("AWS::Lambda::Alias", { FunctionName: { Ref: id }, Name });
      expect(settings).toContainEqual(expect.stringContaining(`FrontDoorFunctionAlias${Name}`));
    }
    expect(settings).toContain('"$LATEST"');
  });

  test("is called by each trigger by the alias of its right, and a service by no other", () => {
    const [rule] = propertiesOf({ secrets: cutover, cutover, triggers }, "AWS::Events::Rule");
    expect(targetOf(rule?.Targets[0].Arn)).toContain("FrontDoorFunctionAliasstart");
    const schedules = Object.values(triggers.findResources("AWS::Scheduler::Schedule"));
    expect(schedules.map(({ Properties }) => [Properties.Name, targetOf(Properties.Target.Arn)])).toEqual([
      ["nightly", expect.stringContaining("FrontDoorFunctionAliasstart")],
      ["fix", expect.stringContaining("FrontDoorFunctionAliasoverride")],
    ]);
    const permissions = [cutover, triggers].flatMap((each) =>
      Object.values(each.findResources("AWS::Lambda::Permission")),
    );
    expect(permissions.map(({ Properties }) => [Properties.Principal, targetOf(Properties.FunctionName)])).toEqual([
      ["events.amazonaws.com", expect.stringContaining("FrontDoorFunctionAliasstart")],
    ]);
  });
});

test("every function has its own log group with a retention time", () => {
  const templates = synthesize(EVERYTHING);
  const groups = (["worker", "front-door", "webhook"] as const).map((entry) =>
    targetOf(findFunction(templates, entry).properties.LoggingConfig.LogGroup),
  );
  expect(new Set(groups)).toEqual(new Set(idsOf(templates, "AWS::Logs::LogGroup")));
  for (const { RetentionInDays } of propertiesOf(templates, "AWS::Logs::LogGroup")) expect(RetentionInDays).toBe(90);
});

test("the ledger is kept, can be restored to any second, and deletes expired items", () => {
  synthesize().cutover.hasResource("AWS::DynamoDB::Table", {
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

describe("an alarm of the worker", () => {
  test.each([
    ["rollout-stuck", { MetricName: "Errors", Threshold: 1, DatapointsToAlarm: 3, EvaluationPeriods: 6, Period: 300 }],
    ["operations-used-up", { MetricName: "DurableExecutionOperations", Threshold: 2_500, Statistic: "Maximum" }],
  ])("%s reads a metric that AWS documents for one function", (name, expected) => {
    const { cutover } = synthesize();
    const Value = { Ref: findFunction(synthesize(), "worker").id };
    const Dimensions = Match.arrayWith([{ Name: "FunctionName", Value }]);
    const AlarmName = `cutover-production-${name}`;
    cutover.hasResourceProperties("AWS::CloudWatch::Alarm", { AlarmName, Dimensions, ...expected });
    expect(JSON.stringify(cutover.toJSON())).not.toContain("ApproximateRunningDurableExecutions");
  });
});

describe("a secret", () => {
  const readsOf = (given: Given) =>
    findFunction(synthesize(given), "worker").statements.filter(({ Action }) =>
      /secretsmanager|kms/.test(JSON.stringify(Action)),
    );

  test("is created empty, has the environment's name and is kept with the stack removed", () => {
    const { secrets } = synthesize(WITH_WEBHOOK);
    for (const Name of ["cutover-production/evovoice", "cutover-production/webhooks/github"])
      secrets.hasResource("AWS::SecretsManager::Secret", {
        Properties: { Name, SecretString: Match.absent(), GenerateSecretString: Match.absent() },
        ...KEPT,
      });
  });

  test("that exists is only read, by its name or by its complete ARN", () => {
    const arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf";
    const byName: Given = { login: (scope) => Secret.fromSecretNameV2(scope, "Login", "evovoice/dashboard") };
    const byArn: Given = { login: (scope) => Secret.fromSecretCompleteArn(scope, "Login", arn) };
    for (const [given, id, resource] of [
      [byName, "evovoice/dashboard", /:secret:evovoice\/dashboard-\?{6}"/],
      [byArn, arn, /^"arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf"$/],
    ] as const) {
      const templates = synthesize(given);
      expect(idsOf(templates, "AWS::SecretsManager::Secret")).toEqual([]);
      expect(findFunction(templates, "worker").properties.Environment.Variables.CUTOVER_SECRET_ID).toBe(id);
      expect(readsOf(given).map(({ Resource }) => JSON.stringify(Resource))).toEqual([expect.stringMatching(resource)]);
    }
  });

  test("with a customer-managed key is decrypted only through Secrets Manager", () => {
    synthesize(EVERYTHING).secrets.allResourcesProperties("AWS::SecretsManager::Secret", { KmsKeyId: KEY });
    const [decrypt] = readsOf(EVERYTHING).filter(({ Action }) => Action === "kms:Decrypt");
    expect(decrypt?.Resource).toBe(KEY);
    expect(JSON.stringify(decrypt?.Condition)).toMatch(/kms:ViaService.*secretsmanager\./);
  });
});

describe("the webhook", () => {
  test("is deployed with a source only, needs no sign-in, and has the ids of its secrets", () => {
    expect(idsOf(synthesize(), "AWS::Lambda::Url")).toEqual([]);
    expect(() => findFunction(synthesize(), "webhook")).toThrow();
    const templates = synthesize(WITH_WEBHOOK);
    templates.triggers.hasResourceProperties("AWS::Lambda::Url", { AuthType: "NONE" });
    const { CUTOVER_WEBHOOK_SECRETS } = findFunction(templates, "webhook").properties.Environment.Variables;
    expect(JSON.stringify(CUTOVER_WEBHOOK_SECRETS)).toMatch(/github.*cutover-production-secrets/);
  });

  test("has its own alarms, and the dashboard shows them", () => {
    const alarmsOf = (template: Template) => JSON.stringify(template.findResources("AWS::CloudWatch::Alarm"));
    const { cutover, triggers } = synthesize(WITH_WEBHOOK);
    expect(alarmsOf(triggers)).toMatch(/webhook-errors.*signature-refused/);
    expect(alarmsOf(cutover)).not.toMatch(/webhook-errors/);
    const shown = (given?: Given) => JSON.stringify(propertiesOf(synthesize(given), "AWS::CloudWatch::Dashboard"));
    expect(shown(WITH_WEBHOOK)).toMatch(/:alarm:cutover-production-signature-refused/);
    expect(shown()).not.toMatch(/signature-refused/);
  });
});

test("the dashboard's widget calls the front door by the alias that may only read", () => {
  const { cutover } = synthesize();
  const [dashboard] = Object.values(cutover.findResources("AWS::CloudWatch::Dashboard"));
  const body = JSON.stringify(dashboard?.Properties.DashboardBody);
  const [, alias = ""] = /\\"type\\":\\"custom\\".*?\\"endpoint\\":\\"","?\{"Ref":"(\w+)"/.exec(body) ?? [];
  expect(cutover.findResources("AWS::Lambda::Alias")[alias]?.Properties.Name).toBe("read");
});

describe("a schedule", () => {
  const given: Given = {
    schedules: [{ ...NIGHTLY, maxAge: Duration.minutes(90), flexibleWindow: Duration.minutes(15), retries: 2 }],
  };
  const [schedule] = propertiesOf(synthesize(given), "AWS::Scheduler::Schedule");

  test("sends its event in time or never", () => {
    expect(schedule).toMatchObject({
      Name: "nightly",
      ScheduleExpression: "cron(0 2 * * ? *)",
      ScheduleExpressionTimezone: "Etc/UTC",
      FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 15 },
      State: "ENABLED",
      Target: {
        RetryPolicy: { MaximumEventAgeInSeconds: 90 * 60, MaximumRetryAttempts: 2 },
        DeadLetterConfig: { Arn: expect.anything() },
      },
    });
  });

  test("gives one rollout for one time, and is refused when it is too late", () => {
    const send = (time: string) => {
      const sent = String(schedule?.Target.Input)
        .replace("<aws.scheduler.schedule-arn>", "arn:aws:scheduler:eu-central-1:111122223333:schedule/group/nightly")
        .replace("<aws.scheduler.scheduled-time>", time);
      const arrival = parseTrigger(JSON.parse(sent));
      if (arrival.kind !== "deploy event") throw new Error(`it arrived as a ${arrival.kind}`);
      return acceptDeployEvent(arrival.input, parsePolicy(POLICY));
    };
    const event = send("2026-11-23T02:00:00Z");
    expect(event).toMatchObject({ action: "promote", targets: [{ all: true }], notAfter: "2026-11-23T03:30:00.000Z" });
    expect(send("2026-11-23T02:00:00Z").id).toBe(event.id);
    expect(send("2026-11-24T02:00:00Z").id).not.toBe(event.id);
  });

  test.each([
    ["0 2 * * ? *", "Europe/Berlin", /^20\d\d-03-/],
    ["30 2 ? * SUN *", "America/New_York", /^20\d\d-03-/],
    ["15 2 * * ? *", "Australia/Lord_Howe", /^20\d\d-10-/],
    ["0 3 * * ? *", "Europe/Berlin", undefined],
    ["0 2,14 * * ? *", "Europe/Berlin", undefined],
    ["30 2 ? * MON *", "Europe/Berlin", undefined],
    ["0 2 * * ? *", "Etc/UTC", undefined],
  ])("at %s in %s is warned of when summer time skips its only run of a day", (cron, zone, day) => {
    const stack = new Stack(makeApp(), "phones");
    const cutover = new Cutover(stack, "Cutover", { policy: POLICY });
    const expression = ScheduleExpression.expression(`cron(${cron})`, TimeZone.of(zone));
    const { node } = new Schedules(stack, "Schedules", { cutover, schedules: [{ ...NIGHTLY, expression }] });
    const [skipped] = node.metadata.map(({ data }) => /nightly does not run on (\S+):/.exec(String(data))?.[1]);
    expect(skipped).toEqual(day === undefined ? undefined : expect.stringMatching(day));
  });

  test("has a role that only its environment's schedules can use", () => {
    const { cutover, triggers } = synthesize(given);
    const roleId = targetOf(schedule?.Target.RoleArn) ?? "";
    const role = triggers.findResources("AWS::IAM::Role")[roleId];
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toMatch(/aws:SourceArn.*scheduler\.amazonaws/);
    expect(toGrants(statementsOf(triggers, roleId))).toEqual([
      ["lambda:InvokeFunction", expect.stringContaining("FrontDoorFunctionAliasstart")],
      ["sqs:SendMessage", expect.stringContaining(Object.keys(cutover.findResources("AWS::SQS::Queue"))[0] ?? "")],
    ]);
  });
});

describe("EventBridge", () => {
  const WITH_EVENTS: Given = { events: EVERYTHING.events, policy: { ...POLICY, pipelines: PIPELINES } };

  test("delivers only events of configured sources and successes of the policy's pipelines", () => {
    expect(propertiesOf(synthesize(), "AWS::Events::Rule")).toEqual([]);
    const rules = propertiesOf(synthesize(WITH_EVENTS), "AWS::Events::Rule");
    expect(rules.map(({ EventPattern }) => EventPattern)).toEqual([
      { source: ["com.example.deploy"], "detail-type": [DEPLOY_EVENT_TYPE] },
      {
        source: ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        detail: { pipeline: ["phones"], state: ["SUCCEEDED"] },
      },
    ]);
    const RetryPolicy = { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 3 };
    for (const { Targets } of rules)
      expect(Targets).toEqual([expect.objectContaining({ RetryPolicy, DeadLetterConfig: expect.anything() })]);
  });

  test("may send to the dead-letter queue only for rules of this account", () => {
    const [policy] = propertiesOf(synthesize(WITH_EVENTS), "AWS::SQS::QueuePolicy");
    const statements = (policy?.PolicyDocument.Statement ?? []) as Statement[];
    const [allowed, ...others] = statements.filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toMatchObject({ Action: "sqs:SendMessage", Principal: { Service: "events.amazonaws.com" } });
    expect(others).toEqual([]);
    expect(JSON.stringify(allowed?.Condition)).toMatch(/aws:SourceArn.*AWS::AccountId.*:rule\//);
  });
});

describe("notifications", () => {
  const sends = (given?: Given) =>
    findFunction(synthesize(given), "worker").statements.filter(({ Action }) => /^events|^sns/.test(String(Action)));

  test("go to the default bus and a topic, and the worker may send only there", () => {
    const templates = synthesize();
    templates.cutover.resourceCountIs("AWS::SNS::Subscription", 0);
    const [put, publish, ...others] = sends();
    expect(JSON.stringify(put?.Resource)).toMatch(/:event-bus\/default"/);
    expect(targetOf(publish?.Resource)).toBe(idsOf(templates, "AWS::SNS::Topic")[0]);
    expect(others).toEqual([]);
  });

  test("are encrypted with AWS's key by its name, which creates the key, and sent by TLS only", () => {
    synthesize().cutover.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: "alias/aws/sns" });
    const [policy] = propertiesOf(synthesize(), "AWS::SNS::TopicPolicy");
    const Condition = { Bool: { "aws:SecureTransport": "false" } };
    const denied = { Effect: "Deny", Action: "sns:Publish", Condition };
    expect(policy?.PolicyDocument.Statement).toEqual([expect.objectContaining(denied)]);
  });

  test("go to each configured address once, and to the configured bus", () => {
    const subscriptions = propertiesOf(synthesize(EVERYTHING), "AWS::SNS::Subscription");
    expect(subscriptions.map(({ Protocol, Endpoint }) => [Protocol, Endpoint])).toEqual([
      ["email", "ann@example.com"],
      ["email", "bob@example.com"],
    ]);
    const { Variables } = findFunction(synthesize(EVERYTHING), "worker").properties.Environment;
    expect([Variables.CUTOVER_EVENT_BUS, sends(EVERYTHING)[0]?.Resource]).toEqual([BUS, BUS]);
  });
});

describe("GitHub Actions", () => {
  const ISSUER = "token.actions.githubusercontent.com";
  const environments = [{ environment: "plan" }, { environment: "production" }];
  const subjectsOfBoth = ["repo:acme/phones:environment:plan", "repo:acme/phones:environment:production"];

  test.each<[string, NonNullable<Given["github"]>["from"], readonly string[]]>([
    ["acme/phones", { branch: "main" }, ["repo:acme/phones:ref:refs/heads/main"]],
    ["acme/phones", environments, subjectsOfBoth],
    ["acme@123456/phones@456789", { branch: "main" }, ["repo:acme@123456/phones@456789:ref:refs/heads/main"]],
  ])("of %s, from %j, may only start rollouts and read", (repository, from, subjects) => {
    const templates = synthesize({ github: { repository, from, provider: toProvider } });
    const roles = templates.triggers.findResources("AWS::IAM::Role");
    const [[roleId, role] = ["", undefined]] = Object.entries(roles);
    const StringEquals = { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: subjects };
    const allowed = { Action: "sts:AssumeRoleWithWebIdentity", Effect: "Allow", Principal: { Federated: PROVIDER } };
    const { Statement } = role?.Properties.AssumeRolePolicyDocument ?? {};
    expect(Statement).toEqual([{ ...allowed, Condition: { StringEquals } }]);
    expect(toGrants(statementsOf(templates.triggers, roleId))).toEqual([
      ["lambda:InvokeFunction", expect.stringContaining("FrontDoorFunctionAliasread")],
      ["lambda:InvokeFunction", expect.stringContaining("FrontDoorFunctionAliasstart")],
    ]);
    expect(idsOf(templates, "AWS::IAM::OIDCProvider")).toEqual([]);
  });

  test("that plan have a role of their own on request, which may only read", () => {
    const from = { environment: "production" };
    const github = { repository: "acme/phones", from, planFrom: { environment: "plan" } };
    const { triggers } = synthesize({ github });
    const roles = Object.entries(triggers.findResources("AWS::IAM::Role"));
    const granted = roles.map(([id, { Properties }]) => [
      JSON.stringify(Properties.AssumeRolePolicyDocument).match(/environment:\w+/)?.[0],
      JSON.stringify(statementsOf(triggers, id)).match(/FrontDoorFunctionAlias[a-z]+/g),
    ]);
    expect(granted.sort()).toEqual([
      ["environment:plan", ["FrontDoorFunctionAliasread"]],
      ["environment:production", ["FrontDoorFunctionAliasread", "FrontDoorFunctionAliasstart"]],
    ]);
  });

  test("get a provider when the account has none, and the provider is kept", () => {
    synthesize(EVERYTHING).triggers.hasResource("AWS::IAM::OIDCProvider", {
      Properties: { Url: `https://${ISSUER}`, ClientIdList: ["sts.amazonaws.com"] },
      ...KEPT,
    });
  });
});

describe("the console's test events", () => {
  test("are in the console's registry, which is kept when the stack is removed", () => {
    const templates = synthesize(EVERYTHING);
    templates.cutover.hasResourceProperties("AWS::EventSchemas::Schema", {
      RegistryName: "lambda-testevent-schemas",
      SchemaName: { "Fn::Join": ["", ["_", { Ref: findFunction(templates, "front-door").id }, "-schema"]] },
      Type: "OpenApi3",
      Content: Match.serializedJson(
        Match.objectLike({ components: { examples: { "dry-run": { value: TEST_EVENTS["dry-run"] } } } }),
      ),
    });
    templates.cutover.hasResource("AWS::EventSchemas::Registry", KEPT);
    expect(idsOf(synthesize({ testEvents: "import" }), "AWS::EventSchemas::Registry")).toEqual([]);
  });

  test.each(Object.entries(TEST_EVENTS))("%s is understood by the front door", (_name, event) => {
    const arrival = parseTrigger(event);
    if (arrival.kind === "deploy event") acceptDeployEvent(arrival.input, parsePolicy(POLICY));
    else expect(arrival.kind).toBe("command");
  });
});

test("all alarms go to the configured topic", () => {
  const alarms = propertiesOf(synthesize(EVERYTHING), "AWS::CloudWatch::Alarm");
  expect(alarms.length).toBeGreaterThan(5);
  for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([TOPIC]);
});

describe("the construct in another app", () => {
  const makeOwn = (props: Partial<CutoverProps> = {}, context = {}) => {
    const stack = new Stack(makeApp(context), "phones");
    return { stack, cutover: new Cutover(stack, "Cutover", { policy: POLICY, ...props }) };
  };

  test("needs only a policy", () => {
    const template = Template.fromStack(makeOwn().stack);
    template.hasResourceProperties("AWS::SecretsManager::Secret", { Name: "phones/evovoice" });
    template.hasResourceProperties("AWS::CloudWatch::Alarm", { AlarmName: "phones-rollout-failed" });
  });

  test("warns of the placeholders that ship as account ids, and refuses them in a deploy", () => {
    const metadataOf = (accountId: string, context = {}) =>
      makeOwn({ policy: { ...POLICY, accountIds: [accountId] } }, context).cutover.node.metadata.filter(({ data }) =>
        String(data).includes("the ids of the Evo Voice accounts"),
      );
    const [shipped = "", documented = ""] = ["infra/policy.json", "docs/deploy.md"].map(
      (file) => /"accountIds": \["(.+?)"\]/.exec(readFileSync(join(ROOT, file), "utf8"))?.[1],
    );
    for (const id of [shipped, documented]) {
      expect(metadataOf(id)).toMatchObject([{ type: "aws:cdk:warning" }]);
      expect(metadataOf(id, { deploy: "true" })).toMatchObject([{ type: "aws:cdk:error" }]);
    }
    expect(metadataOf("acme", { deploy: "true" })).toEqual([]);
    expect(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts.deploy).toContain("-c deploy=true");
  });

  test("warns when alerts or alarms reach no person", () => {
    const warningsOf = (props: Partial<CutoverProps>) =>
      makeOwn(props).cutover.node.metadata.map(({ data }) => /an? \w+ reaches no person/.exec(String(data))?.[0]);
    expect(warningsOf({})).toEqual(["an alert reaches no person", "an alarm reaches no person"]);
    expect(warningsOf({ notifications: { emails: ["ann@example.com"] } })).toEqual(["an alarm reaches no person"]);
    const alarmTopic = Topic.fromTopicArn(new Stack(), "OnCall", TOPIC);
    expect(warningsOf({ notifications: { emails: [] }, alarmTopic })).toEqual([]);
  });

  test("refuses what the worker would refuse, and does not repeat a password", () => {
    const makeWith = (policy: PolicyInput) => () => makeOwn({ policy });
    expect(makeWith({ baseUrl: "http://evovoice.io", accountIds: [] })).toThrow(/baseUrl[\s\S]*accountIds/);
    const withPassword = makeWith({ ...POLICY, protected: { tags: ["password=hunter2"] } });
    expect(withPassword).toThrow(/protected\.tags\[0\]: got a text of 16 characters/);
    expect(withPassword).not.toThrow(/hunter2/);
  });

  test("has triggers with the same checks as the configuration", () => {
    const { stack, cutover } = makeOwn();
    const event = { ...NIGHTLY.event, reason: "password=hunter2" };
    const newId = () => `Refused${stack.node.children.length}`;
    const schedule = (given: Partial<CutoverSchedule>) => () =>
      new Schedules(stack, newId(), { cutover, schedules: [{ ...NIGHTLY, ...given }] });
    expect(schedule({ event })).toThrow(/\[0\]\.event\.reason: got a text of 16 characters/);
    expect(schedule({ event })).not.toThrow(/hunter2/);
    expect(schedule({ flexibleWindow: Duration.hours(1) })).toThrow(/\[0\]\.flexibleWindow: .*less than maxAge/);
    for (const source of [EVENT_SOURCE, "aws.codepipeline"])
      expect(() => new EventTriggers(stack, newId(), { cutover, sources: [source] })).toThrow(/expected a source/);
    const secret = Secret.fromSecretNameV2(stack, "Imported", "imported");
    expect(() => new Webhook(stack, newId(), { cutover, secrets: { github: secret } })).toThrow(/github: expected/);
    const other = makeOwn({ policy: { ...POLICY, webhooks: { github: GITHUB_SOURCE } } });
    expect(() => new Webhook(other.stack, "Webhook", { ...other, secrets: {} })).toThrow(/expected the signing secret/);
  });

  test("lets a role call exactly the alias of the right that it is granted, or read the ledger", () => {
    const { stack, cutover } = makeOwn();
    const aRole = (id: string) => new Role(stack, id, { assumedBy: new ServicePrincipal("codebuild.amazonaws.com") });
    cutover.grantRead(aRole("To-read"));
    cutover.grantStart(aRole("To-start"));
    cutover.grantSteer(aRole("To-steer"));
    cutover.grantApprove(aRole("To-approve"));
    cutover.grantOverride(aRole("To-override"));
    cutover.grantReadLedger(aRole("Auditor"));
    const template = Template.fromStack(stack);
    const grantsOf = (name: string) => {
      const id = Object.keys(template.findResources("AWS::IAM::Role")).find((each) => each.startsWith(name));
      return statementsOf(template, id ?? "");
    };
    const aliases = Object.entries(template.findResources("AWS::Lambda::Alias"));
    for (const right of RIGHTS) {
      const [alias] = aliases.find(([, { Properties }]) => Properties.Name === right) ?? [];
      expect(toGrants(grantsOf(`To${right}`))).toEqual([["lambda:InvokeFunction", alias]]);
    }
    expect(grantsOf("Auditor").flatMap(({ Action }) => Action)).toEqual(["dynamodb:GetItem", "dynamodb:Query"]);
  });

  test("refuses a grant to a service, because the grant would have no effect", () => {
    const { cutover } = makeOwn();
    const service = new ServicePrincipal("codebuild.amazonaws.com");
    expect(() => cutover.grantStart(service)).toThrow(/lambda:InvokeFunction.* could not be added/);
    expect(() => cutover.grantReadLedger(service)).toThrow(/do not support ServicePrincipal/);
  });
});

test("cdk-nag finds only explained rules, in two environments of one app", () => {
  const findViolations = (app: IConstruct) =>
    new AwsSolutionsChecks().validateScope(app).violations.map(({ ruleName }) => ruleName);
  const app = makeApp();
  makeStacks({ name: "staging", login: (scope) => Secret.fromSecretNameV2(scope, "Login", "evovoice/team") }, app);
  const { cutover } = makeStacks(EVERYTHING, app);
  expect(findViolations(app)).toEqual([]);
  // It would find a queue without encryption in transit.
  new Queue(cutover, "Unprotected");
  expect(findViolations(app)).toContain("AwsSolutions-SQS4");
});
