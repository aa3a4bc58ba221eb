import type { JsonSchema } from "./json-schemas.ts";

interface Row {
  readonly name: string;
  readonly value: string;
  readonly fallback: string;
  readonly meaning: string;
}

/**
 * A Markdown table of an object's members: name, value, default, meaning. The values of texts are described by
 * `describeText`, which knows what a refusal would say is right.
 */
export function renderMembers(schema: JsonSchema, describeText: (path: readonly string[]) => string): string {
  const rows = toRows(schema, [], describeText);
  return [
    "| member | value | default | meaning |",
    "| --- | --- | --- | --- |",
    ...rows.map(({ name, value, fallback, meaning }) => `| ${name} | ${value} | ${fallback} | ${meaning} |`),
  ].join("\n");
}

function toRows(
  schema: JsonSchema,
  base: readonly string[],
  describeText: (path: readonly string[]) => string,
): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = [...base, name];
    const row: Row = {
      name: `\`${path.join(".")}\``,
      value: describe(member, () => describeText(path)),
      fallback: toDefault(member, schema.required?.includes(name) ?? false),
      meaning: toCell(member.description ?? ""),
    };
    return [row, ...toRows(member, path, describeText)];
  });
}

function toDefault(member: JsonSchema, isRequired: boolean): string {
  if (member.properties !== undefined) return "";
  if (member.default !== undefined) return `\`${JSON.stringify(member.default)}\``;
  return isRequired ? "**required**" : "";
}

function describe(schema: JsonSchema, describeText: () => string): string {
  const { $ref, anyOf, type, items, properties, maxLength } = schema;
  if ($ref !== undefined) return REFERENCES.get($ref.slice("#/$defs/".length)) ?? "a [target](#targets)";
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (type === "boolean") return "`true` or `false`";
  if (properties !== undefined) return "an object";
  if (type === "integer" || type === "number") return describeNumber(schema);
  if (type === "object") return describeRecord(schema);
  if (items !== undefined || anyOf !== undefined || maxLength === undefined) return toCell(describeText());
  return `${toCell(describeText())}, at most ${maxLength} characters`;
}

function describeRecord({ additionalProperties }: JsonSchema): string {
  const schema = JSON.stringify(additionalProperties) ?? "";
  const [, what] = RECORDS.find(([id]) => schema.includes(id)) ?? [];
  return `an object: name to ${what ?? "[targets](#targets)"}`;
}

/** What a member refers to, by the id of its schema. */
const REFERENCES: ReadonlyMap<string, string> = new Map([["strategy", "a [strategy](#strategies)"]]);

/** What stands under the names of a record, by the id of its schema. */
const RECORDS = [
  ["writtenStrategy", "[strategy](events.md#strategies)"],
  ["webhookSource", "[source](webhooks.md)"],
  ["pipelineTemplate", "[deploy event](triggers.md#when-a-pipeline-has-succeeded)"],
] as const;

function describeNumber({ type, minimum, maximum }: JsonSchema): string {
  const kind = type === "integer" ? "a whole number" : "a number";
  return maximum === Number.MAX_SAFE_INTEGER ? `${kind} from ${minimum}` : `${kind} from ${minimum} to ${maximum}`;
}

function toCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
