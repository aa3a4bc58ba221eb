import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { readPolicy } from "../lambda/config.ts";
import { ENTRIES, type Entry, ROOT, toEntryFile } from "./bundle.ts";
import { bundleEntry } from "./bundle-entry.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(ROOT, "dist") },
    policy: { type: "string", default: join(ROOT, "infra/policy.json") },
  },
});

const out = resolve(values.out);
const policy = resolve(values.policy);
readPolicy(policy);
for (const entry of ENTRIES.filter((name) => existsSync(toEntryFile(name)))) await buildEntry(entry);

/** Writes what a deploy would upload, by the same settings. */
async function buildEntry(entry: Entry): Promise<void> {
  const folder = join(out, entry);
  const outfile = join(folder, "index.mjs");
  rmSync(folder, { recursive: true, force: true });
  await bundleEntry(entry, outfile);
  copyFileSync(policy, join(folder, "policy.json"));
  const bundle = readFileSync(outfile);
  process.stdout.write(`${outfile}  ${toKb(bundle)} KB, ${toKb(gzipSync(bundle))} KB compressed\n`);
}

function toKb({ length }: Buffer): number {
  return Math.round(length / 1024);
}
