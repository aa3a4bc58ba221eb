import { readFileSync } from "node:fs";
import { findRepeatedMembers } from "../lambda/contract/repeated-members.ts";
import { EXIT, Failure } from "./failure.ts";

/** A repeated member is refused: of two `exclude`, `JSON.parse` silently drops the first. @throws Failure */
export function parseJson(text: string, source: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse(source, `it is not JSON: ${(cause as Error).message}`);
  }
  const repeated = findRepeatedMembers(text).map(({ path, message }) => `${path}: ${message}`);
  if (repeated.length > 0) throw refuse(source, repeated.join("; "));
  return json;
}

/** The event of a file. @throws Failure */
export function readEventFile(file: string): Readonly<Record<string, unknown>> {
  const event = parseJson(readText(file), file);
  if (typeof event !== "object" || event === null || Array.isArray(event)) throw refuse(file, "expected an object");
  return event as Readonly<Record<string, unknown>>;
}

/**
 * The reference ids of a CSV file: of its column `referenceId`, or of its only column. A file of several columns without
 * that name is refused, because a guess would flip customers. @throws Failure
 */
export function readReferenceIds(file: string): readonly string[] {
  const rows = readText(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => splitLine(line, file));
  const [head = [], ...rest] = rows;
  const column = head.findIndex((name) => /^reference[ _-]?id$/i.test(name));
  if (column === -1 && rows.some(({ length }) => length > 1))
    throw refuse(file, "expected a column with the name referenceId, or a single column");
  const ids = (column === -1 ? rows : rest).map((cells) => cells[Math.max(column, 0)] ?? "");
  if (ids.length === 0) throw refuse(file, "it has no reference id");
  if (ids.includes("")) throw refuse(file, "a line has no reference id");
  return ids;
}

const CELL = /\s*(?:"((?:[^"]|"")*)"|([^",;]*))\s*(?:[,;]|$)/y;

function splitLine(line: string, file: string): readonly string[] {
  const cells: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < line.length) {
    const from = CELL.lastIndex;
    const [, quoted, plain] = CELL.exec(line) ?? [];
    if (CELL.lastIndex <= from) throw refuse(file, `it cannot be read as CSV: ${line.slice(0, 60)}`);
    cells.push((quoted?.replaceAll('""', '"') ?? plain ?? "").trim());
  }
  return cells;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw refuse(file, `it cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function refuse(file: string, why: string): Failure {
  return new Failure(`${file}: ${why}`, { exitCode: EXIT.refused });
}
