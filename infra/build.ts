import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readPolicy } from "../lambda/config.ts";
import { ENTRIES, ROOT } from "./bundle.ts";
import { bundleFunction } from "./bundle-entry.ts";

const policyFile = join(ROOT, "infra/policy.json");
readPolicy(policyFile);
const policy: unknown = JSON.parse(readFileSync(policyFile, "utf8"));
for (const entry of ENTRIES) {
  const folder = join(ROOT, "dist", entry);
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
