import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** What later starts of a kept sandbox must have in common with the first. */
const Kept = z.object({
  customers: z.number(),
  seed: z.number(),
  /** Its address names the environment in the ledger. */
  emulatorPort: z.number(),
  /** The last one that was given. */
  policy: z.looseObject({}).optional(),
});
export type Kept = z.infer<typeof Kept>;

/** What the folder keeps; undefined for a new folder. @throws when its file is none of a sandbox */
export function findKept(folder: string): Kept | undefined {
  try {
    return Kept.parse(JSON.parse(readFileSync(toFile(folder), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function saveKept(folder: string, kept: Kept): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(toFile(folder), JSON.stringify(kept, undefined, 2));
}

function toFile(folder: string): string {
  return join(folder, "sandbox.json");
}
