import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { type Entry, ESBUILD, ROOT, toEntryFile } from "./bundle.ts";

/** Writes all that a deploy uploads of a function: its bundle, the map of its bundle, and the policy beside them. */
export function bundleFunction(entry: Entry, folder: string, policy: unknown): void {
  bundleEntry(entry, join(folder, "index.mjs"));
  writeFileSync(join(folder, "policy.json"), `${JSON.stringify(policy, null, 2)}\n`);
}

/** Writes the bundle of a function: one ES module, AWS SDK included, so that what runs is what the lock file names. */
export function bundleEntry(entry: Entry, outfile: string, { sourcemap = true } = {}): void {
  buildSync({
    ...ESBUILD,
    mainFields: [...ESBUILD.mainFields],
    absWorkingDir: ROOT,
    entryPoints: [toEntryFile(entry)],
    outfile,
    sourcemap,
    logLevel: "warning",
  });
}
