import { renderDocuments } from "../../docs/generate.ts";
import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";
import { describe, expect, test } from "../support/jest.ts";

const documents = renderDocuments();
const reference = documents.get("changes.md") ?? "";
const schema = JSON.parse(documents.get("rollout-changed.schema.json") ?? "{}");
const kinds: readonly { properties: Record<string, { const?: string }>; additionalProperties: boolean }[] =
  schema.oneOf;

describe("the JSON Schema of a change", () => {
  test("has each kind of change once, and no unknown member in any", () => {
    expect(kinds.map(({ properties }) => properties.change?.const)).toEqual([
      "started",
      "approval asked",
      "approved",
      "wave done",
      "gate decided",
      "rolled back",
      "ended",
    ]);
    for (const { additionalProperties } of kinds) expect(additionalProperties).toBe(false);
  });

  test("describes every member", () => {
    for (const { properties } of kinds)
      for (const member of Object.values(properties)) expect(member).toHaveProperty("description");
  });
});

describe("the reference of changes", () => {
  test("has a row for every member of every change", () => {
    for (const { properties } of kinds) {
      const section = reference.slice(reference.indexOf(`### ${properties.change?.const}`));
      for (const member of Object.keys(properties).filter((name) => name !== "change")) {
        const place = ["rolloutId", "action", "release", "at"].includes(member) ? reference : section;
        expect(place).toContain(`\n| \`${member}\` |`);
      }
    }
  });

  test("shows an example of each, which the schema accepts", () => {
    const blocks = [...reference.matchAll(/```json\n(.*?)\n```/gs)].map(([, json]) => JSON.parse(json ?? ""));
    const changes = blocks.filter((block) => typeof block.change === "string");
    expect(changes.length).toBeGreaterThanOrEqual(7);
    expect(new Set(changes.map((change) => RolloutEvent.parse(change).change)).size).toBe(7);
  });
});
