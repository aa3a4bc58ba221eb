import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { readPolicy } from "../lambda/config.ts";
import { ENTRIES, ROOT } from "./bundle.ts";
import { bundleFunction } from "./bundle-entry.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(ROOT, "dist") },
    policy: { type: "string", default: join(ROOT, "infra/policy.json") },
  },
});

const policyFile = resolve(values.policy);
readPolicy(policyFile);
const policy: unknown = JSON.parse(readFileSync(policyFile, "utf8"));
for (const entry of ENTRIES) {
  const folder = join(resolve(values.out), entry);
  rmSync(folder, { recursive: true, force: true });
  bundleFunction(entry, folder, policy);
  tell(join(folder, "index.mjs"));
}

function tell(file: string): void {
  const bundle = readFileSync(file);
  process.stdout.write(`${file}  ${toKb(bundle)} KB, ${toKb(gzipSync(bundle))} KB compressed\n`);
}

function toKb({ length }: Buffer): number {
  return Math.round(length / 1024);
}
