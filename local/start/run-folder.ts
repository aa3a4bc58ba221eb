import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

const PREFIX = "cutover-start-";

/**
 * Makes the folder of this run, named for its process, and removes those of runs that were killed before they could
 * remove theirs. Process ids are one machine's own: a folder that another machine made in a shared place stays.
 */
export function makeRunFolder(parent: string): string {
  const ours = `${PREFIX}${encodeURIComponent(hostname())}-`;
  for (const name of readdirSync(parent)) {
    if (isStale(name, ours)) removeFolder(join(parent, name));
  }
  return mkdtempSync(join(parent, `${ours}${process.pid}-`));
}

function isStale(name: string, ours: string): boolean {
  if (!name.startsWith(ours)) return false;
  const [, pid] = /^(\d{1,10})-\w{6}$/.exec(name.slice(ours.length)) ?? [];
  return pid !== undefined && !isAlive(Number(pid));
}

/** A process of somebody else's cannot be sent a signal, but lives. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** What cannot be removed is no reason not to run. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}
