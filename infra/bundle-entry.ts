import { chmodSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { type Entry, ESBUILD, FUNCTION_ESBUILD, ROOT, toEntryFile } from "./bundle.ts";

/** Writes the files of a function that a deploy uploads: the bundle, its source map and the policy. */
export function bundleFunction(entry: Entry, folder: string, policy: unknown): void {
  bundleEntry(entry, join(folder, "index.mjs"));
  writeFileSync(join(folder, "policy.json"), `${JSON.stringify(policy, null, 2)}\n`);
  // The upload keeps the modes, and Lambda runs as another user: a strict umask would make the files unreadable.
  for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o644);
}

/** The command line as one file, which needs nothing but Node.js. It is committed, because CI systems run it from a checkout. */
export const COMMAND_LINE = join(ROOT, "ci/cutover.mjs");

export function bundleCommandLine(outfile: string): void {
  const made = `${outfile}.made`;
  buildSync({ ...ESBUILD, entryPoints: [join(ROOT, "cli/cutover.ts")], outfile: made });
  chmodSync(made, 0o755);
  // At once, for a shell may be starting the file.
  renameSync(made, outfile);
}

/** Writes the bundle of a function: one ES module with the AWS SDK, so that the lock file decides its version. */
export function bundleEntry(entry: Entry, outfile: string, { sourcemap = true } = {}): void {
  buildSync({ ...FUNCTION_ESBUILD, entryPoints: [toEntryFile(entry)], outfile, sourcemap });
}
