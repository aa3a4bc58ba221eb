import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderChangeReference } from "./generate/change-reference.ts";
import { renderEventReference } from "./generate/event-reference.ts";
import {
  renderChangeSchema,
  renderCommandSchema,
  renderEventSchema,
  renderPolicySchema,
} from "./generate/json-schemas.ts";
import { renderPolicyReference } from "./generate/policy-reference.ts";

/** The documents that are generated from the schemas in lambda/, by their file name in docs/. */
export function renderDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ["deploy-event.schema.json", renderEventSchema()],
    ["command.schema.json", renderCommandSchema()],
    ["policy.schema.json", renderPolicySchema()],
    ["events.md", renderEventReference()],
    ["policy.md", renderPolicyReference()],
    ["rollout-changed.schema.json", renderChangeSchema()],
    ["changes.md", renderChangeReference()],
  ]);
}

/** The documents in a folder that are missing or differ from what the schemas say now. */
export function findStale(folder: string): readonly string[] {
  return [...renderDocuments()]
    .filter(([name, text]) => {
      const path = join(folder, name);
      return !existsSync(path) || readFileSync(path, "utf8") !== text;
    })
    .map(([name]) => name);
}

function main(folder: string): void {
  const stale = findStale(folder);
  if (process.argv.includes("--check")) {
    if (stale.length === 0) return;
    console.error(
      `stale: ${stale.map((name) => `docs/${name}`).join(", ")}; run npm run docs, and commit what it writes`,
    );
    process.exitCode = 1;
    return;
  }
  const documents = renderDocuments();
  for (const name of stale) writeFileSync(join(folder, name), documents.get(name) ?? "");
  console.log(stale.length === 0 ? "all documents are up to date" : `written: ${stale.join(", ")}`);
}

if (import.meta.main) main(import.meta.dirname);
