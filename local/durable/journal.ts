import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

export type Journal<Entry> = {
  /** The entries of the file when it was opened. */
  readonly entries: readonly Entry[];
  append(entry: Entry): void;
  close(): void;
};

/**
 * A file of JSON lines that survives a crash of its process: when `append` returns, the operating system has the entry. A
 * line that a crash cut short counts as not written.
 */
export function openJournal<Entry>(file: string): Journal<Entry> {
  mkdirSync(dirname(file), { recursive: true });
  const entries = existsSync(file) ? readEntries<Entry>(file) : [];
  const descriptor = openSync(file, "a");
  return {
    entries,
    append: (entry) => appendFileSync(descriptor, `${JSON.stringify(entry)}\n`),
    close: () => closeSync(descriptor),
  };
}

function readEntries<Entry>(file: string): Entry[] {
  const bytes = readFileSync(file);
  const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
  if (whole.length < bytes.length) truncateSync(file, whole.length);
  const lines = whole.toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}
