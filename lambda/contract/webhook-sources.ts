import * as z from "zod";
import { findUnknownNames, type Names } from "./find-unknown-names.ts";
import { GitHubMapping } from "./github-mapping.ts";
import { type Problem, strictObject } from "./problems.ts";
import { StandardMapping } from "./standard-mapping.ts";
import { textMatching } from "./text-matching.ts";

const MOST_MAPPINGS = 50;

const SourceName = textMatching(
  /^[a-z][a-z0-9-]{0,23}$/,
  "expected a source's name: 1 to 24 small letters, digits and -, a letter first",
);

const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item, { error: "expected a list of mappings" })
    .min(1, "expected at least one mapping")
    .max(MOST_MAPPINGS, `expected at most ${MOST_MAPPINGS} mappings`)
    .describe("the first mapping that fits a delivery applies; a delivery without a mapping starts nothing");

/** A sender of webhooks, and the deploy events of its deliveries. */
export const WebhookSource = z
  .discriminatedUnion(
    "kind",
    [
      strictObject({ kind: z.literal("github"), mappings: listOf(GitHubMapping) }).describe("GitHub"),
      strictObject({ kind: z.literal("standard"), mappings: listOf(StandardMapping) }).describe(
        "a sender that signs by Standard Webhooks",
      ),
    ],
    { error: 'expected a source whose kind is "github" or "standard", with its mappings' },
  )
  .meta({ id: "webhookSource", title: "webhook source" });
export type WebhookSource = z.output<typeof WebhookSource>;

/** The sources by name; the name is the path of their URL. */
export const WebhookSources = z.record(SourceName, WebhookSource, { error: "expected an object of sources by name" });
export type WebhookSources = z.output<typeof WebhookSources>;

export function findUnknownNamesOfWebhooks(sources: WebhookSources, names: Names): readonly Problem[] {
  return Object.entries(sources).flatMap(([name, { mappings }]) =>
    mappings.flatMap(({ start }, index) =>
      findUnknownNames(start, names, ["webhooks", name, "mappings", index, "start"]),
    ),
  );
}
