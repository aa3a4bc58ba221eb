import { buildWorker } from "./build-worker.ts";
import { readConfig } from "./config.ts";

/** The durable worker: a deploy event in, a report out. */
export const handler = buildWorker(readConfig());
