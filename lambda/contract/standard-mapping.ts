import * as z from "zod";
import { DeployEventTemplate } from "./deploy-event-template.ts";
import { strictObject } from "./problems.ts";

const PATH = 'expected a path to a text in the payload, such as "data.version"';
const TYPE = "expected the payload's type, 1 to 200 characters in one line";
const VALUE = "expected a text of at most 200 characters in one line";
const MOST_PATHS = 10;

const Path = z.string({ error: PATH }).regex(/^[\w-]{1,60}(?:\.[\w-]{1,60}){0,5}$/, PATH);

/** Maps a delivery of Standard Webhooks to a deploy event. */
export const StandardMapping = strictObject({
  type: z
    .string({ error: TYPE })
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, TYPE)
    .describe("the payload's type"),
  when: z
    .record(Path, z.string({ error: VALUE }).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{0,200}$/u, VALUE), {
      error: "expected an object of texts by their paths in the payload",
    })
    .refine((texts) => Object.keys(texts).length <= MOST_PATHS, `expected at most ${MOST_PATHS} paths`)
    .default({})
    .describe("the texts that the payload must have, by their paths"),
  start: DeployEventTemplate(Path),
});
export type StandardMapping = z.output<typeof StandardMapping>;
