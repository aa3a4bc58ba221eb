import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { ENTRIES, type Entry, ESBUILD, toEntryFile } from "../../../infra/bundle.ts";
import { findFunction, ROOT, type Statement, statementsOf, synthesize, WITH_WEBHOOK } from ".././make-stack.ts";

const templates = synthesize(WITH_WEBHOOK);

/** What an SDK's command is called in IAM. */
const SERVICES = new Map([
  ["client-dynamodb", "dynamodb"],
  ["client-lambda", "lambda"],
  ["client-secrets-manager", "secretsmanager"],
  ["client-codepipeline", "codepipeline"],
  ["client-cloudwatch", "cloudwatch"],
  ["client-eventbridge", "events"],
  ["client-sns", "sns"],
]);
const RENAMED = new Map([["lambda:Invoke", "lambda:InvokeFunction"]]);

/** What Lambda itself does in the role's name. */
const LAMBDA_ITSELF = ["logs:CreateLogStream", "logs:PutLogEvents"];
const DEAD_LETTERS = "sqs:SendMessage";

/** Code that is in a bundle and never called there: the public door reads the ledger by the same module that writes it. */
const NOT_CALLED: Readonly<Record<Entry, readonly string[]>> = {
  worker: [],
  "front-door": [],
  webhook: [
    ...["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
    // A delivery always has an id: so no lock is looked at, and no execution.
    "lambda:GetDurableExecution",
  ],
};
/** What is done outside of our own files. */
const BESIDES: Readonly<Record<Entry, readonly string[]>> = {
  worker: [...["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", DEAD_LETTERS]],
  "front-door": [DEAD_LETTERS],
  webhook: [],
};

/** Every AWS call in the files that an entry is bundled from: `new XCommand(…)` of the client that the file imports. */
async function findCalls(entry: Entry): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    ...ESBUILD,
    mainFields: [...ESBUILD.mainFields],
    absWorkingDir: ROOT,
    entryPoints: [toEntryFile(entry)],
    outfile: "unwritten.mjs",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const files = Object.keys(metafile.inputs).filter((file) => file.startsWith("lambda/"));
  return new Set(files.flatMap((file) => callsIn(readFileSync(join(ROOT, file), "utf8"))));
}

function callsIn(source: string): readonly string[] {
  return [...source.matchAll(/import (?:type )?\{([^}]*)\} from "@aws-sdk\/(client-[\w-]+)"/g)].flatMap(
    ([, names = "", client = ""]) => {
      const service = SERVICES.get(client);
      if (service === undefined) throw new Error(`this test does not know the IAM name of ${client}`);
      return [...names.matchAll(/\b(\w+)Command\b/g)]
        .map(([, name = ""]) => name)
        .filter((name) => source.includes(`new ${name}Command(`))
        .map((name) => `${service}:${name}`)
        .map((action) => RENAMED.get(action) ?? action);
    },
  );
}

const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => Action);

describe.each(ENTRIES)("the role of %s", (entry) => {
  test("allows every AWS call that the code can make, and no other", async () => {
    const { statements } = findFunction(templates, entry);
    const calls = await findCalls(entry);
    expect([...calls]).toEqual(expect.arrayContaining([...NOT_CALLED[entry]]));
    const needed = [...calls].filter((call) => !NOT_CALLED[entry].includes(call));
    const expected = [...new Set([...needed, ...BESIDES[entry], ...LAMBDA_ITSELF])];
    expect([...new Set(actionsOf(statements))].sort()).toEqual(expected.sort());
  });

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
          expect(action).toMatch(/^(?:codepipeline:PutJob(?:Success|Failure)Result|cloudwatch:DescribeAlarms)$/);
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
  const alias = Object.keys(cutover.findResources("AWS::Lambda::Alias"))[0] ?? "";
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
