import { renameSync } from "node:fs";
import { bundleEntry } from "../../infra/bundle-entry.ts";
import { BUILT_WORKER } from "./built-worker.ts";

/** Before the tests: the worker's bundle, which a process loads in half the time of its sources. */
// biome-ignore lint/style/noDefaultExport: Jest takes no other
export default async function bundleWorker(): Promise<void> {
  const outfile = `${BUILT_WORKER}.${process.pid}`;
  bundleEntry("worker", outfile, { sourcemap: false });
  // At once, for another run may be starting its workers.
  renameSync(outfile, BUILT_WORKER);
}
