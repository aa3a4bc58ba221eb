import { join } from "node:path";
import type { BuildOptions } from "esbuild";

export const ROOT = join(import.meta.dirname, "..");

/** The functions: the names of their folders in `dist/` and of their files below `lambda/`. */
export const ENTRIES = ["worker", "front-door", "webhook"] as const;
export type Entry = (typeof ENTRIES)[number];

/** How every function is bundled, by a deploy and by `npm run build` alike. */
export const ESBUILD = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  banner: {
    // Libraries that are CommonJS inside call `require` for Node's own modules.
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
} as const satisfies BuildOptions;

export function toEntryFile(entry: Entry): string {
  return join(ROOT, "lambda", `${entry}.ts`);
}
