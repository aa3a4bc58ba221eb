import * as z from "zod";
import { DeployEventTemplate } from "./deploy-event-template.ts";
import { GitHubMapping } from "./github-mapping.ts";
import { strictObject } from "./problems.ts";
import { lineOf, textMatching } from "./text-matching.ts";

const MOST_MAPPINGS = 50;
const MOST_PATHS = 10;

const SourceName = textMatching(
  /^[a-z][a-z0-9-]{0,23}$/,
  "expected a source's name: 1 to 24 small letters, digits and -, a letter first",
);

const Path = textMatching(
  /^[\w-]{1,60}(?:\.[\w-]{1,60}){0,5}$/,
  'expected a path to a text in the payload, such as "data.version"',
);

/** Maps a delivery of Standard Webhooks to a deploy event. */
const StandardMapping = strictObject({
  type: lineOf(1, 200, "expected the payload's type, 1 to 200 characters in one line")
    .optional()
    .describe("the payload's `type`; a sender without one has its type at another path, which `when` can name"),
  when: z
    .record(Path, lineOf(0, 200, "expected a text of at most 200 characters in one line"), {
      error: "expected an object of texts by their paths in the payload",
    })
    .refine((texts) => Object.keys(texts).length <= MOST_PATHS, `expected at most ${MOST_PATHS} paths`)
    .default({})
    .describe("the texts that the payload must have, by their paths"),
  start: DeployEventTemplate(Path),
}).refine(({ type, when }) => type !== undefined || Object.keys(when).length > 0, {
  path: ["when"],
  error: "expected a type, or at least one text in `when`: without both, every delivery would fit",
});

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
