import { join } from "node:path";
import type { BuildOptions } from "esbuild";

export const ROOT = join(import.meta.dirname, "..");

/** The functions: their folders in `dist/` and their files in `lambda/`. */
export const ENTRIES = ["worker", "front-door", "webhook"] as const;
export type Entry = (typeof ENTRIES)[number];

/** The options of every bundle, for a deploy and for `npm run build`. */
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
    // CommonJS libraries call `require` for Node's modules.
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
} as const satisfies BuildOptions;

export function toEntryFile(entry: Entry): string {
  return join(ROOT, "lambda", `${entry}.ts`);
}
