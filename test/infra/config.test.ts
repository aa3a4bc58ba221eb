import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readInfraConfig } from "../../infra/config.ts";

const POLICY = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };

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

test("the configuration that ships is valid, with a policy to fill in", () => {
  const config = readInfraConfig(join(import.meta.dirname, "../../infra/config.json"));
  expect(config).toMatchObject({ environment: "production", secret: { create: "cutover/evovoice" } });
});

test("the policy is found beside the configuration, wherever the command is run", () => {
  const secret = { import: "evovoice/dashboard" };
  expect(read({ environment: "staging", secret })).toEqual({
    environment: "staging",
    secret,
    policyFile: join(folder, "policy.json"),
  });
});

test("all problems of a configuration are named at once", () => {
  const refusal = () => read({ environment: "Production!", secret: { import: "a", create: "b" }, region: "us-east-1" });
  expect(refusal).toThrow(/environment: got "Production!"; expected a short name in lower case/);
  expect(refusal).toThrow(/secret/);
  expect(refusal).toThrow(/region: got an unknown member/);
});

describe("a secret", () => {
  test.each([
    ["without a name", {}],
    ["with a value", { create: "cutover/evovoice", value: "hunter2" }],
    ["with an empty name", { import: "" }],
    ["whose name AWS would take for an ARN's end", { import: "evovoice-abc123" }],
  ])("%s is refused", (_which, secret) => {
    expect(() => read({ environment: "production", secret })).toThrow(/secret/);
    expect(() => read({ environment: "production", secret })).not.toThrow(/hunter2/);
  });
});

test("a policy that the worker would refuse is refused before the deploy", () => {
  write("policy.json", { baseUrl: "http://evovoice.io", accountIds: [] });
  const refusal = () => read({ environment: "production", secret: { create: "a" } });
  expect(refusal).toThrow(/baseUrl/);
  expect(refusal).toThrow(/accountIds/);
});

test("a file that is missing or not JSON is named", () => {
  expect(() => readInfraConfig(join(folder, "nowhere.json"))).toThrow(/nowhere\.json cannot be read as JSON/);
  expect(() => read("{ environment")).toThrow(/config\.json cannot be read as JSON/);
});
