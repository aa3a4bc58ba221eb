import { buildStart } from "./build-start.ts";
import { readStartConfig } from "./config.ts";

/** The front door for AWS triggers, the console and the CLI: a deploy event or a command in, an answer at once. */
export const handler = buildStart(readStartConfig());
