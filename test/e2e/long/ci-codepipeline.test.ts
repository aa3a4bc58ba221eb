import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { parsePolicy } from "../../../lambda/config.ts";
import { acceptDeployEvent } from "../../../lambda/contract/accept-deploy-event.ts";
import { readPipelineJob, readPipelineRequest } from "../../../lambda/triggers/code-pipeline.ts";
import { PhoneRelease } from "../../../templates/codepipeline.ts";
import { makeApp, makeStacks, POLICY, ROOT, type Statement, statementsOf, targetOf } from "../../infra/make-stack.ts";
import { type FrontDoor, openFrontDoor } from "../../support/front-door.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { aPipelineJob } from "../../unit/lambda/triggers/aws-samples.ts";
import { type DeclaredAction, declareAction, findActions, getAction } from "../ci/declare-action.ts";
import { ACTION } from "../ci/read-files.ts";

const EXECUTION = "12345678-1234-5678-abcd-12345678abcd";
const COMMIT = "0f3c9a1b2d4e5f60718293a4b5c6d7e8f9012345";

/** The example, in one app with the deployment whose front door it invokes. */
function synthesizeExample() {
  const app = makeApp();
  const { cutover } = makeStacks({}, app).cutover;
  const stack = new PhoneRelease(app, "phone-release", {
    cutover,
    repository: { owner: "acme", name: "phones", branch: "main" },
    connectionArn: "arn:aws:codeconnections:eu-central-1:111122223333:connection/0a1b2c3d",
  });
  return { template: Template.fromStack(stack), deployment: Template.fromStack(cutover.node.scope as Stack) };
}

const { template, deployment } = synthesizeExample();

/** What CodePipeline puts in for variables when it runs; `plan` is the output variable of the action before. */
function fillIn({ Configuration }: DeclaredAction, plan = "f0c37771cb37"): string {
  return Configuration.UserParameters.replaceAll("#{codepipeline.PipelineExecutionId}", EXECUTION)
    .replaceAll("#{source.CommitId}", COMMIT)
    .replaceAll("#{plan.plan}", plan);
}

/** What the front door makes of an action's job. */
function readRequest(action: DeclaredAction) {
  const request = readPipelineRequest(readPipelineJob(aPipelineJob(fillIn(action))));
  return { event: acceptDeployEvent(request.input, parsePolicy(POLICY)), wait: request.wait };
}

describe("the example's pipeline", () => {
  test("deploys, plans, waits for a person, and promotes, in this order", () => {
    const steps = findActions(template).map(({ Name, ActionTypeId }) => [Name, ActionTypeId.Provider]);
    expect(steps).toEqual([
      ["fetch", "CodeStarSourceConnection"],
      ["servers", "CodeBuild"],
      ["plan", "Lambda"],
      ["approve", "Manual"],
      ["promote", "Lambda"],
    ]);
    const [plan, approve, promote] = ["plan", "approve", "promote"].map((name) => getAction(template, name).RunOrder);
    expect([plan, approve, promote]).toEqual([1, 2, 3]);
  });

  test("sends events that the front door accepts, of one rollout for each run of the pipeline", () => {
    const common = { action: "promote", release: COMMIT, targets: [{ all: true }] };
    expect(readRequest(getAction(template, "plan"))).toEqual({
      event: { ...common, dryRun: true, id: `plan-${EXECUTION}` },
      wait: true,
    });
    expect(readRequest(getAction(template, "promote"))).toEqual({
      event: { ...common, dryRun: false, plan: "f0c37771cb37", id: `promote-${EXECUTION}` },
      wait: true,
    });
  });

  test.each([
    ["plan", "read"],
    ["promote", "start"],
  ])("lets %s call the alias %s of the front door, and nothing else but the list of functions", (name, alias) => {
    const roleId = targetOf(getAction(template, name).RoleArn) ?? "";
    const statements = statementsOf(template, roleId);
    expect(statements.map(({ Action }) => Action)).toEqual(["lambda:InvokeFunction", "lambda:ListFunctions"]);
    expect(JSON.stringify(statements[0]?.Resource)).toMatch(
      new RegExp(`cutover-production.*FrontDoorFunctionAlias${alias}`),
    );
    expect(statements[1]?.Resource).toBe("*");
  });

  test("leaves the deployment's roles as they are", () => {
    const actionsOf = (from: Template) =>
      Object.values(from.findResources("AWS::IAM::Policy")).map(({ Properties }) =>
        (Properties.PolicyDocument.Statement as Statement[]).map(({ Action }) => Action),
      );
    expect(actionsOf(deployment)).toEqual(actionsOf(Template.fromStack(makeStacks().cutover)));
  });
});

describe("an action of Cutover", () => {
  test("that does not wait, excludes and says why is understood so", () => {
    const exclude = [{ tags: ["vip"] }];
    const given = { action: "stage", exclude, requestedBy: "phone-release", reason: 'it is "time"' } as const;
    const request = readRequest(declareAction({ ...given, wait: false }));
    expect(request).toMatchObject({ event: given, wait: false });
  });

  test("with an override calls the alias of that right, and its role may call no other", () => {
    const { Configuration, statements } = declareAction({ override: { reason: "it mends the cause" } });
    expect(JSON.stringify(Configuration.FunctionName)).toContain("FrontDoorFunctionAliasoverride");
    const [invoke, ...others] = statements;
    expect(JSON.stringify(invoke?.Resource)).toMatch(/^[^,]*FrontDoorFunctionAliasoverride[^,]*$/);
    expect(others.map(({ Action }) => Action)).toEqual(["lambda:ListFunctions"]);
  });

  test("gets the id of its job when it has none", () => {
    const { event, wait } = readRequest(declareAction({}));
    expect(event.id).toBe("11111111-abcd-1111-abcd-111111abcdef");
    expect(wait).toBe(true);
  });

  test("has no more parameters than CodePipeline takes, and says so before a deploy", () => {
    const reasonOf = (length: number) => ({ reason: "x".repeat(length) });
    const { length } = declareAction(reasonOf(1)).Configuration.UserParameters;
    expect(declareAction(reasonOf(1_001 - length)).Configuration.UserParameters).toHaveLength(1_000);
    expect(() => declareAction(reasonOf(1_002 - length))).toThrow(/promote: got 1001 characters .* tag or a cohort/);
  });

  test("has the inputs of the GitHub Action and the GitLab template, except those of a job alone", () => {
    const inputs = Object.keys(ACTION.inputs).map((name) =>
      name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
    const example = readFileSync(join(ROOT, "templates/codepipeline.ts"), "utf8");
    const lists = [...example.matchAll(/const (?:flips|event) = \{ (?:\.\.\.flips, )?(.*) \};/g)];
    const members = lists.flatMap(([, names = ""]) => names.split(", "));
    // CodePipeline has a timeout of its own; the function and the role are those of the construct; it stages and promotes.
    const others = ["function", "rolloutId", "wait", "timeoutMinutes", "roleToAssume", "awsRegion"];
    expect(members.sort()).toEqual(inputs.filter((name) => !others.includes(name)).sort());
  });
});

describe("through the front door", () => {
  let door: FrontDoor;

  beforeEach(async () => {
    door = await openFrontDoor({ customers: 30 });
  });

  afterEach(() => door.close());

  /** Runs an action until CodePipeline has its answer; gives the last. */
  async function run(name: string, plan?: string) {
    const parameters = fillIn(getAction(template, name), plan);
    await door.send(aPipelineJob(parameters, { id: door.pipeline.openJob() }));
    await door.world.executions.settled();
    const { continuationToken = "" } = door.pipeline.answers().at(-1) ?? {};
    await door.send(aPipelineJob(parameters, { id: door.pipeline.openJob(), continuationToken }));
    return door.pipeline.answers().at(-1);
  }

  const findStaged = () => {
    const { accountId, customers } = door.world.emulator;
    return [...customers()].filter((customer) => customer.isStaging && customer.accountId === accountId);
  };

  test("the example's plan shows the approver what its promote then flips", async () => {
    const staged = findStaged();
    expect(staged.length).toBeGreaterThan(0);
    const planned = await run("plan");
    expect(planned?.executionDetails?.summary).toMatch(
      new RegExp(
        `planned only: no customer was flipped\n\n  to flip +${staged.length}\n  unchanged +\\d+\n[^]*\nto flip\n  wave 1\n    REF-[^]*rollout +plan-${EXECUTION}\n`,
      ),
    );
    expect(planned?.executionDetails?.summary).toContain(`(${staged[0]?.id})`);
    expect(findStaged()).toEqual(staged);

    const promoted = await run("promote", planned?.outputVariables?.plan);
    expect(promoted).toMatchObject({
      action: "PutJobSuccessResult",
      outputVariables: { rolloutId: `promote-${EXECUTION}`, status: "succeeded", flipped: String(staged.length) },
    });
    expect(findStaged()).toEqual([]);
  });

  test("the example's promote flips no customer when the plan is another, and names the changes", async () => {
    const planned = await run("plan");
    const created = door.world.emulator.addCustomer({ name: "Created in between", isStaging: true });
    const staged = findStaged();
    const promoted = await run("promote", planned?.outputVariables?.plan);
    expect(promoted).toMatchObject({ action: "PutJobFailureResult" });
    expect(JSON.stringify(promoted)).toContain(`Created in between (${created.id}): not found → wave 1`);
    expect(findStaged()).toEqual(staged);
  });
});
