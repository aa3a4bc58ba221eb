import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ENTRIES, toEntryFile } from "../../../infra/bundle.ts";
import { afterAll, afterEach, beforeAll, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { SECRET, startWorld, type World } from "../../support/world.ts";
import { ROOT } from ".././make-stack.ts";

const WORKER_ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:live";
const START_ARN = "arn:aws:lambda:us-east-1:000000000000:function:start";

let folder: string;
let world: World | undefined;
const environment = { ...process.env };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await world?.close();
  world = undefined;
  process.env = environment;
});

/** Builds the functions for a policy, as `npm run build` does. */
function build(policy: unknown): string {
  const file = join(folder, "policy.json");
  writeFileSync(file, JSON.stringify(policy));
  const command = [process.execPath, join(ROOT, "infra/build.ts"), "--out", folder, "--policy", file];
  const output = execFileSync("sh", ["-c", 'umask 077; exec "$0" "$@"', ...command], { encoding: "utf8" });
  expect(output).toMatch(
    /worker\/index\.mjs {2}\d+ KB, \d+ KB compressed\n.*front-door\/index\.mjs[\s\S]*webhook\/index\.mjs/,
  );
  return file;
}

async function load(name: string): Promise<unknown> {
  const { handler } = await import(pathToFileURL(join(folder, name, "index.mjs")).href);
  return handler;
}

test("the built front door starts the built worker, and every customer is flipped once", async () => {
  world = await startWorld({ customers: 60 });
  const { executions, emulator } = world;
  const variables = {
    CUTOVER_TABLE_NAME: TABLE,
    CUTOVER_SECRET_ID: SECRET,
    CUTOVER_WORKER_ARN: WORKER_ARN,
  };
  Object.assign(process.env, variables, { CUTOVER_POLICY_FILE: build(world.policy) });
  const worker = (await load("worker")) as DurableLambdaHandler;
  const start = (await load("front-door")) as (input: unknown) => Promise<unknown>;
  executions.serve(WORKER_ARN, { kind: "durable", handler: worker, skipWaits: true });
  executions.serve(START_ARN, { kind: "plain", handler: start });
  const client = new LambdaClient();
  const ask = async (event: object) => {
    const Payload = Buffer.from(JSON.stringify(event));
    const reply = await client.send(new InvokeCommand({ FunctionName: START_ARN, Payload }));
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
  for (const { id, isStaging } of flipped) {
    expect(flagged).toContain(id);
    expect(isStaging).toBe(false);
  }
});

test("the files are readable for Lambda, whatever the umask of the machine that builds them", () => {
  for (const entry of ENTRIES)
    for (const file of ["index.mjs", "index.mjs.map", "policy.json"])
      expect(statSync(join(folder, entry, file)).mode & 0o777).toBe(0o644);
});

test("the worker's bundle has no more than 1,400 KB", () => {
  expect(statSync(join(folder, "worker/index.mjs")).size).toBeLessThan(1_400 * 1024);
});

test("a map for stack traces lies beside each bundle, without the sources themselves", () => {
  for (const entry of ENTRIES) {
    expect(readFileSync(join(folder, entry, "index.mjs"), "utf8")).toMatch(
      /\/\/# sourceMappingURL=index\.mjs\.map\s*$/,
    );
    const map = JSON.parse(readFileSync(join(folder, entry, "index.mjs.map"), "utf8"));
    expect(map.sources.some((source: string) => toEntryFile(entry).endsWith(source.replace(/^[./]+/, "")))).toBe(true);
    expect(map.sourcesContent).toBeUndefined();
  }
});
