import { join } from "node:path";
import { ROOT } from "../../infra/bundle.ts";

/**
 * The worker as a deploy uploads it, without its source map, for processes that tests start: every run of Jest makes it
 * anew (bundle-worker.ts).
 */
export const BUILT_WORKER = join(ROOT, "node_modules/.cache/cutover/worker.mjs");
