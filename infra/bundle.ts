import { join } from "node:path";
import type { BuildOptions } from "esbuild";

export const ROOT = join(import.meta.dirname, "..");

/** The functions: their folders in `dist/` and their files in `lambda/`. */
export const ENTRIES = ["worker", "front-door", "webhook"] as const;
export type Entry = (typeof ENTRIES)[number];

/** The options of every bundle. */
export const ESBUILD: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: true,
  logLevel: "warning",
  banner: {
    // CommonJS libraries call `require` for Node's modules.
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
};

/**
 * Lambda puts a function's credentials into its environment, so the SDK's other providers, which load when they are
 * asked, stay out of the functions.
 */
export const FUNCTION_ESBUILD: BuildOptions = {
  ...ESBUILD,
  sourcemap: true,
  sourcesContent: false,
  alias: { undici: join(ROOT, "infra/undici-pool.cjs") },
  external: ["ini", "login", "process", "sso", "web-identity"].map((name) => `@aws-sdk/credential-provider-${name}`),
};

export function toEntryFile(entry: Entry): string {
  return join(ROOT, "lambda", `${entry}.ts`);
}
