import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { Template } from "aws-cdk-lib/assertions";
import { ENTRIES, type Entry, toEntryFile } from "../../../infra/bundle.ts";
import { RIGHTS } from "../../../lambda/contract/rights.ts";
import { localAwsEnvironment } from "../../../local/aws/environment.ts";
import { FRONT_DOOR_ARN, WORKER_ARN } from "../../support/front-door.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { SECRET, startWorld } from "../../support/world.ts";
import { CONTEXT, findFunction, GITHUB_SOURCE, POLICY, ROOT, type Templates } from "../make-stack.ts";

const STAGING_POLICY = { ...POLICY, baseUrl: "https://team.evovoice.io", protected: { tags: ["it's vip"] } };
const PRODUCTION_POLICY = { ...POLICY, webhooks: { github: GITHUB_SOURCE } };

let folder: string;
let output: string;

/** Names that an account has once for each region, or once at all. */
const UNIQUE = [
  "Name",
  ...["Alarm", "Dashboard", "Role", "Queue", "Table", "Function", "LogGroup"].map((of) => `${of}Name`),
];

/**
 * Two environments in one app, as the CDK's command line runs it: without an AWS account, with nothing of the machine's
 * own environment, and with a strict umask.
 */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover's-"));
  output = join(folder, "out");
  write("staging.json", STAGING_POLICY);
  write("production.json", PRODUCTION_POLICY);
  const config = write("config.mjs", [
    { name: "production", policyFile: "production.json", testEvents: "create", tags: { team: "telephony" } },
    { name: "staging", policyFile: "staging.json", tags: { team: "telephony" } },
  ]);
  const context = { ...CONTEXT, config, "aws:cdk:disable-stack-trace": true };
  const env = { PATH: process.env.PATH, CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(context) };
  const command = ["-c", 'umask 077; exec "$0" infra/app.ts', process.execPath];
  execFileSync("sh", command, { cwd: ROOT, env, stdio: "pipe" });
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, json: unknown): string {
  const path = join(folder, name);
  const prefix = name.endsWith(".mjs") ? "export const environments = " : "";
  writeFileSync(path, `${prefix}${JSON.stringify(json)}`);
  return path;
}

/** The templates as they are written for a deploy. */
function templatesOf(environment: string): Templates {
  const [secrets, cutover, triggers] = ["-secrets", "", "-triggers"].map((end) =>
    Template.fromJSON(readJson(join(output, `cutover-${environment}${end}.template.json`)) as object),
  ) as [Template, Template, Template];
  return { secrets, cutover, triggers };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The folder that a deploy would upload for a function. */
function bundleOf(environment: string, entry: Entry): string {
  const stack = `cutover-${environment}${entry === "webhook" ? "-triggers" : ""}`;
  const { files } = readJson(join(output, `${stack}.assets.json`)) as {
    files: Record<string, { source: { path: string } }>;
  };
  const { S3Key: key } = findFunction(templatesOf(environment), entry).properties.Code;
  return join(output, files[String(key).replace(".zip", "")]?.source.path ?? "nowhere");
}

describe("two environments in one app", () => {
  test("share nothing that has one name in an account", () => {
    const namesOf = (environment: string) =>
      Object.values(templatesOf(environment))
        .flatMap((template) =>
          Object.values((template.toJSON().Resources ?? {}) as Record<string, { Properties?: object }>),
        )
        .flatMap(({ Properties = {} }) => Object.entries(Properties))
        .filter(([property]) => UNIQUE.includes(property))
        .map(([, value]) => JSON.stringify(value))
        // A reference is another resource in each stack, an alias one of its own function.
        .filter((name) => !name.includes('"Ref"') && !["live", ...RIGHTS].includes(JSON.parse(name)));
    const staging = namesOf("staging");
    expect(staging.length).toBeGreaterThan(5);
    expect(namesOf("production").filter((name) => staging.includes(name))).toEqual([]);
  });

  test("carry their tags", () => {
    const team = { Key: "team", Value: "telephony" };
    for (const Value of ["production", "staging"])
      templatesOf(Value).cutover.hasResourceProperties("AWS::DynamoDB::Table", {
        Tags: [{ Key: "cutover:environment", Value }, team],
      });
  });

  test("have each their own policy beside every function", () => {
    const policyOf = (environment: string, entry: Entry) => readJson(join(bundleOf(environment, entry), "policy.json"));
    for (const entry of ENTRIES) expect(policyOf("production", entry)).toEqual(PRODUCTION_POLICY);
    for (const entry of ["worker", "front-door"] as const) expect(policyOf("staging", entry)).toEqual(STAGING_POLICY);
  });

  test("hold no value of a secret, in no template", () => {
    for (const environment of ["production", "staging"])
      for (const template of Object.values(templatesOf(environment)))
        expect(JSON.stringify(template.toJSON())).not.toMatch(/SecretString|resolve:secretsmanager|GenerateSecret/);
  });
});

describe.each(ENTRIES)("the bundle of %s", (entry) => {
  test("is one module that loads, with the environment that its function has", () => {
    const { properties } = findFunction(templatesOf("production"), entry);
    const load = 'import("./index.mjs").then(({ handler }) => process.stdout.write(typeof handler))';
    const cwd = bundleOf("production", entry);
    const env = { ...localAwsEnvironment({}), ...resolveEnvironment(properties.Environment.Variables) };
    expect(execFileSync(process.execPath, ["-e", load], { cwd, env, encoding: "utf8" })).toBe("function");
  });

  test("is readable for Lambda, whatever the umask of the machine that builds it", () => {
    for (const file of ["index.mjs", "index.mjs.map", "policy.json"])
      expect(statSync(join(bundleOf("production", entry), file)).mode & 0o777).toBe(0o644);
  });

  test("has at most 1,400 KB, and beside it a map for stack traces, without the sources themselves", () => {
    const file = join(bundleOf("production", entry), "index.mjs");
    expect(statSync(file).size).toBeLessThan(1_400 * 1024);
    expect(readFileSync(file, "utf8")).toMatch(/\/\/# sourceMappingURL=index\.mjs\.map\s*$/);
    const map = readJson(`${file}.map`) as { sources: string[]; sourcesContent?: unknown };
    expect(map.sources.some((source) => toEntryFile(entry).endsWith(source.replace(/^[./]+/, "")))).toBe(true);
    expect(map.sourcesContent).toBeUndefined();
  });
});

test("the built front door starts the built worker, and every customer is flipped once", async () => {
  const environment = { ...process.env };
  const world = await startWorld({ customers: 60 });
  const { executions, emulator, policy } = world;
  const variables = { CUTOVER_TABLE_NAME: TABLE, CUTOVER_SECRET_ID: SECRET, CUTOVER_WORKER_ARN: WORKER_ARN };
  Object.assign(process.env, variables, { CUTOVER_POLICY_FILE: write("policy.json", policy) });
  const load = async (entry: Entry) => (await import(join(bundleOf("production", entry), "index.mjs"))).handler;
  executions.serve(WORKER_ARN, { kind: "durable", handler: await load("worker"), skipWaits: true });
  executions.serve(FRONT_DOOR_ARN, { kind: "plain", handler: await load("front-door") });
  const client = new LambdaClient();
  const ask = async (event: object) => {
    const Payload = Buffer.from(JSON.stringify(event));
    const reply = await client.send(new InvokeCommand({ FunctionName: FRONT_DOOR_ARN, Payload }));
    return JSON.parse(reply.Payload?.transformToString() ?? "null");
  };

  const flagged = [...emulator.customers()].filter(({ isStaging }) => isStaging).map(({ id }) => id);
  const event = { action: "promote", release: "2026.11", targets: { all: true }, id: "built" };
  expect(await ask(event)).toMatchObject({ rolloutId: "built", status: "starting" });
  await executions.settled();
  const report = await ask({ command: "status", rolloutId: "built" });
  client.destroy();

  expect(report).toMatchObject({ status: "succeeded", counts: { failed: 0 } });
  const lines = world.logs().map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ message: "rollout ended", status: "succeeded" }));
  expect(lines).toContainEqual(expect.objectContaining({ RolloutSucceeded: 1, Flipped: report.counts.flipped }));
  const flipped = [...emulator.customers()].filter(({ writes }) => writes === 1);
  expect(report.counts.flipped).toBe(flipped.length);
  expect(flipped.length).toBeGreaterThan(0);
  expect(flagged).toEqual(expect.arrayContaining(flipped.map(({ id }) => id)));
  expect(flipped.filter(({ isStaging }) => isStaging)).toEqual([]);
  await world.close();
  process.env = environment;
});

/** What CloudFormation would put in for references. */
function resolveEnvironment(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const resolved = Object.entries(variables).map(([name, value]) => [
    name,
    name === "CUTOVER_WORKER_ARN" ? "arn:aws:lambda:us-east-1:111122223333:function:worker:live" : resolve(value),
  ]);
  return Object.fromEntries(resolved);
}

function resolve(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join } = value as { "Fn::Join"?: readonly [string, readonly unknown[]] };
  return join === undefined ? "reference" : join[1].map(resolve).join(join[0]);
}
