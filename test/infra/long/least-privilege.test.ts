import { ENTRIES, type Entry } from "../../../infra/bundle.ts";
import { describe, expect, test } from "../../support/jest.ts";
import { findFunction, statementsOf, synthesize, WITH_WEBHOOK } from "../make-stack.ts";

const templates = synthesize(WITH_WEBHOOK);
describe.each(ENTRIES)("the role of %s", (entry) => {
  test("names every resource, with a wildcard only where AWS leaves no choice", () => {
    for (const { Action, Resource, Effect } of findFunction(templates, entry).statements) {
      expect(Effect).toBe("Allow");
      const named = JSON.stringify(Resource);
      if (!named.includes("*")) {
        expect(named).toMatch(/"Ref"|"Fn::GetAtt"|"Fn::GetStackOutput"/);
        continue;
      }
      for (const action of [Action].flat()) {
        if (named === '"*"')
          expect(action).toMatch(
            /^(?:codepipeline:PutJob(?:Success|Failure)Result|cloudwatch:DescribeAlarm(?:s|History))$/,
          );
        else expect(action).toMatch(/^lambda:(?:Get|Checkpoint)DurableExecution/);
      }
    }
  });

  test("has no managed policy", () => {
    const { template, roleId } = findFunction(templates, entry);
    const role = template.findResources("AWS::IAM::Role")[roleId];
    expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
  });
});

test("only the worker may read the Evo Voice login, and only the public door its signing secrets", () => {
  const readable = (entry: Entry) =>
    findFunction(templates, entry)
      .statements.filter(({ Action }) => Action.includes("secretsmanager:GetSecretValue"))
      .map(({ Resource }) => JSON.stringify(Resource));
  expect(readable("worker")).toHaveLength(1);
  expect(readable("front-door")).toEqual([]);
  expect(readable("webhook")).toHaveLength(1);
  expect(readable("webhook")).not.toEqual(readable("worker"));
});

test("only the doors may start the worker, and only by its alias", () => {
  const { cutover, triggers } = templates;
  const [alias = ""] = Object.keys(cutover.findResources("AWS::Lambda::Alias", { Properties: { Name: "live" } }));
  const invokers = [cutover, triggers].flatMap((template) =>
    Object.keys(template.findResources("AWS::IAM::Role")).filter((roleId) =>
      statementsOf(template, roleId).some(
        ({ Action, Resource }) => Action.includes("lambda:InvokeFunction") && JSON.stringify(Resource).includes(alias),
      ),
    ),
  );
  const doors = ENTRIES.filter((entry) => entry !== "worker");
  expect(invokers.sort()).toEqual(doors.map((door) => findFunction(templates, door).roleId).sort());
});
