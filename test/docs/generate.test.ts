import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findStale, renderDocuments } from "../../docs/generate.ts";
import { parsePolicy } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/contract/accept-deploy-event.ts";
import { readCommand } from "../../lambda/contract/command.ts";
import { describe, expect, test } from "../support/jest.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const documents = renderDocuments();
interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  readonly additionalProperties: unknown;
}

/** The objects that a schema allows at its top: itself, or its alternatives. */
function objectsOf(schema: ObjectSchema & { readonly oneOf?: readonly { readonly $ref: string }[] }) {
  const { $defs } = schema as unknown as { readonly $defs: Readonly<Record<string, ObjectSchema>> };
  return schema.oneOf?.map(({ $ref }) => $defs[$ref.slice("#/$defs/".length)] as ObjectSchema) ?? [schema];
}

const textOf = (name: string) => documents.get(name) ?? "";

test("no document is stale: npm run docs writes what the schemas say", () => {
  expect(findStale(DOCS)).toEqual([]);
});

test("a document that is missing or was changed by hand is found", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutover-docs-"));
  try {
    for (const name of documents.keys()) cpSync(join(DOCS, name), join(folder, name));
    rmSync(join(folder, "policy.schema.json"));
    writeFileSync(join(folder, "events.md"), `${readFileSync(join(folder, "events.md"), "utf8")}by hand\n`);
    expect(findStale(folder)).toEqual(["policy.schema.json", "events.md"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("the JSON Schemas", () => {
  test.each(["deploy-event.schema.json", "command.schema.json", "policy.schema.json"])(
    "%s says what it is, and refuses unknown members",
    (name) => {
      const schema = JSON.parse(textOf(name));
      expect(schema).toMatchObject({
        $schema: "https://json-schema.org/draft/2020-12/schema",
        $id: name,
        title: expect.any(String),
        description: expect.any(String),
      });
      for (const { properties, additionalProperties } of objectsOf(schema)) {
        expect(additionalProperties).toBe(false);
        for (const member of Object.values(properties)) expect(member).toHaveProperty("description");
      }
    },
  );

  test("what must be written is required, what has a default is not", () => {
    expect(objectsOf(JSON.parse(textOf("deploy-event.schema.json"))).map(({ required }) => required)).toEqual([
      ["action", "release", "targets"],
      ["action"],
      ["action", "rolloutId"],
    ]);
    expect(objectsOf(JSON.parse(textOf("command.schema.json"))).map(({ required }) => required)).toEqual([
      ["command"],
      ["command"],
      ["command", "rolloutId"],
      ["command"],
      ...Array.from({ length: 3 }, () => ["command", "rolloutId", "requestedBy", "reason"]),
      ["command", "plan", "rolloutId", "requestedBy", "reason"],
      ["command", "requestedBy", "reason"],
      ["command", "release", "requestedBy", "reason"],
      ["command", "requestedBy", "reason"],
      ["command", "customerIds", "requestedBy", "reason"],
      ["command", "name", "until", "requestedBy", "reason"],
      ["command", "name", "requestedBy", "reason"],
      ["command", "requestedBy", "reason"],
      ["command"],
    ]);
    expect(JSON.parse(textOf("policy.schema.json")).required).toEqual(["baseUrl", "accountIds"]);
  });

  test("editors find a target's kinds by their names", () => {
    const { $defs } = JSON.parse(textOf("deploy-event.schema.json"));
    expect($defs.target.anyOf.flatMap((kind: { required: readonly string[] }) => kind.required)).toEqual([
      "customerIds",
      "referenceIds",
      "tags",
      "parentCustomerId",
      "cohort",
      "all",
    ]);
  });
});

describe("the references", () => {
  const blocks = (name: string) =>
    [...textOf(name).matchAll(/```json\n(.*?)\n```/gs)].map(([, json]) => JSON.parse(json ?? ""));

  test.each([
    ["events.md", "deploy-event.schema.json"],
    ["policy.md", "policy.schema.json"],
  ])("%s has a row for every member", (name, schema) => {
    for (const member of objectsOf(JSON.parse(textOf(schema))).flatMap(({ properties }) => Object.keys(properties))) {
      expect(textOf(name)).toContain(`\n| \`${member}\` |`);
    }
  });

  test("every command has a row, and every example of one is accepted", () => {
    const schema = JSON.parse(textOf("command.schema.json"));
    const names = objectsOf(schema).flatMap(({ properties }) => {
      const { enum: several, const: one } = properties.command as { enum?: readonly string[]; const?: string };
      return several ?? [one ?? ""];
    });
    expect(names.length).toBe(21);
    const rows = textOf("events.md")
      .split("\n")
      .filter((row) => row.startsWith("| `"));
    for (const name of names) {
      expect(rows.filter((row) => row.split(" | ")[0]?.includes(`\`${name}\``)).length).toBeGreaterThan(0);
    }
    const commands = blocks("events.md").filter((json) => json.command !== undefined);
    expect(commands.length).toBeGreaterThanOrEqual(6);
    for (const command of commands) expect(readCommand(command)).toMatchObject(command);
  });

  test("the example policy accepts every example of an event, except the example of a refusal", () => {
    const policy = parsePolicy(blocks("policy.md").find((json) => json.cohorts !== undefined));
    const events = blocks("events.md").filter((json) => json.action !== undefined);
    const accepted = events.filter((event) => {
      try {
        return acceptDeployEvent(event, policy) !== undefined;
      } catch {
        return false;
      }
    });
    expect(events.length).toBeGreaterThanOrEqual(6);
    expect(accepted).toHaveLength(events.length - 1);
  });
});
