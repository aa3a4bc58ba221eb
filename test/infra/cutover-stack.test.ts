import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks } from "cdk-nag";
import type { InfraConfig } from "../../infra/config.ts";
import { CutoverStack } from "../../infra/cutover-stack.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";

const ROOT = join(import.meta.dirname, "../..");

let output: string;
let json: string;
let template: Template;

/** The app as the CDK's command line runs it, the worker's bundle included. */
beforeAll(() => {
  output = mkdtempSync(join(tmpdir(), "cutover-"));
  const { context } = JSON.parse(readFileSync(join(ROOT, "cdk.json"), "utf8"));
  execFileSync(process.execPath, [join(ROOT, "infra/app.ts")], {
    env: { PATH: process.env.PATH, CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(context) },
    stdio: "pipe",
  });
  json = readFileSync(join(output, "cutover-production.template.json"), "utf8");
  template = Template.fromJSON(JSON.parse(json));
}, 60_000);

afterAll(() => rmSync(output, { recursive: true }));

function makeStack(config: Partial<InfraConfig> = {}): CutoverStack {
  const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
  return new CutoverStack(app, "cutover", {
    config: { environment: "production", secret: { create: "cutover/evovoice" }, policyFile: "policy.json", ...config },
  });
}

type Statement = { readonly Effect: string; readonly Action: string | string[]; readonly Resource: unknown };

const statementsOf = (from: Template): Statement[] =>
  Object.values(from.findResources("AWS::IAM::Policy")).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement as Statement[],
  );

describe("the worker", () => {
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

  test("knows its table, its secret and its policy, and no value of the secret", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: {
          CUTOVER_TABLE_NAME: { Ref: Object.keys(template.findResources("AWS::DynamoDB::Table"))[0] },
          CUTOVER_SECRET_ID: { Ref: Object.keys(template.findResources("AWS::SecretsManager::Secret"))[0] },
          CUTOVER_POLICY_FILE: "policy.json",
          POWERTOOLS_SERVICE_NAME: "cutover",
          NODE_OPTIONS: "--enable-source-maps",
        },
      },
    });
    expect(json).not.toMatch(/SecretString|resolve:secretsmanager/);
  });

  test("logs to a group of its own that forgets", () => {
    template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
    const [logGroup] = Object.keys(template.findResources("AWS::Logs::LogGroup"));
    template.hasResourceProperties("AWS::Lambda::Function", { LoggingConfig: { LogGroup: { Ref: logGroup } } });
  });

  test("is bundled as one module that loads, with the policy beside it", () => {
    const { files } = JSON.parse(readFileSync(join(output, "cutover-production.assets.json"), "utf8"));
    const paths = Object.values(files as Record<string, { source: { path: string } }>).map(({ source }) => source.path);
    const bundle = join(output, paths.find((path) => path.startsWith("asset.")) ?? "");
    const policy = JSON.parse(readFileSync(join(ROOT, "infra/policy.json"), "utf8"));
    expect(JSON.parse(readFileSync(join(bundle, "policy.json"), "utf8"))).toEqual(policy);
    const load = 'import("./index.mjs").then(({ handler }) => process.stdout.write(typeof handler))';
    const names = { CUTOVER_TABLE_NAME: "ledger", CUTOVER_SECRET_ID: "login", CUTOVER_POLICY_FILE: "policy.json" };
    const env = { ...localAwsEnvironment({}), ...names };
    expect(execFileSync(process.execPath, ["-e", load], { cwd: bundle, env, encoding: "utf8" })).toBe("function");
  });
});

describe("the worker's role", () => {
  test("allows these actions and no others", () => {
    const actions = statementsOf(template).flatMap(({ Action }) => Action);
    expect(actions.sort()).toEqual([
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      "lambda:CheckpointDurableExecution",
      "lambda:GetDurableExecution",
      "lambda:GetDurableExecutionState",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
    ]);
  });

  test("names the resource of every action, with a wildcard only for the function's own executions", () => {
    for (const { Action, Resource } of statementsOf(template)) {
      const named = JSON.stringify(Resource);
      expect(named).toMatch(/"Ref"|"Fn::GetAtt"/);
      if (named.includes("*")) expect([Action].flat().every((action) => action.startsWith("lambda:"))).toBe(true);
    }
  });

  test("has no managed policy", () => {
    template.hasResourceProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
  });
});

describe("the secret", () => {
  test("is created empty and outlives the stack", () => {
    template.hasResource("AWS::SecretsManager::Secret", {
      Properties: { Name: "cutover/evovoice", SecretString: Match.absent(), GenerateSecretString: Match.absent() },
      DeletionPolicy: "Retain",
    });
  });

  test("is only read when it is imported by name", () => {
    const imported = Template.fromStack(makeStack({ secret: { import: "evovoice/dashboard" } }));
    imported.resourceCountIs("AWS::SecretsManager::Secret", 0);
    const variables = { CUTOVER_SECRET_ID: "evovoice/dashboard" };
    imported.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: Match.objectLike(variables) },
    });
    const read = statementsOf(imported).find(({ Action }) => Action.includes("secretsmanager:GetSecretValue"));
    expect(JSON.stringify(read?.Resource)).toContain(":secret:evovoice/dashboard-??????");
  });
});

test("the ledger is kept, can be restored to any second, and forgets what has expired", () => {
  template.hasResource("AWS::DynamoDB::Table", {
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

test.each<[string, InfraConfig["secret"]]>([
  ["a created", { create: "cutover/evovoice" }],
  ["an imported", { import: "evovoice/dashboard" }],
])("AWS's own checks find nothing with %s secret that is not explained", (_which, secret) => {
  const stack = makeStack({ secret });
  const { violations } = new AwsSolutionsChecks().validateScope(stack);
  expect(violations.map(({ ruleName, description }) => `${ruleName}: ${description}`)).toEqual([]);
});
