import { build } from "esbuild";
import { type Entry, ESBUILD, ROOT, toEntryFile } from "./bundle.ts";

/** Writes the bundle of a function as a deploy uploads it. */
export async function bundleEntry(entry: Entry, outfile: string, { sourcemap = true } = {}): Promise<void> {
  await build({
    ...ESBUILD,
    mainFields: [...ESBUILD.mainFields],
    absWorkingDir: ROOT,
    entryPoints: [toEntryFile(entry)],
    outfile,
    sourcemap,
    logLevel: "warning",
  });
}
