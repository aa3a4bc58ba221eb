import * as z from "zod";
import { DeployEventTemplate } from "./deploy-event-template.ts";
import { strictObject } from "./problems.ts";
import { lineOf, textMatching } from "./text-matching.ts";

const MOST_PATHS = 10;

const Path = textMatching(
  /^[\w-]{1,60}(?:\.[\w-]{1,60}){0,5}$/,
  'expected a path to a text in the payload, such as "data.version"',
);

/** Maps a delivery of Standard Webhooks to a deploy event. */
export const StandardMapping = strictObject({
  type: lineOf(1, 200, "expected the payload's type, 1 to 200 characters in one line").describe("the payload's type"),
  when: z
    .record(Path, lineOf(0, 200, "expected a text of at most 200 characters in one line"), {
      error: "expected an object of texts by their paths in the payload",
    })
    .refine((texts) => Object.keys(texts).length <= MOST_PATHS, `expected at most ${MOST_PATHS} paths`)
    .default({})
    .describe("the texts that the payload must have, by their paths"),
  start: DeployEventTemplate(Path),
});
export type StandardMapping = z.output<typeof StandardMapping>;
