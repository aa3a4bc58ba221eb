import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { makeRunFolder } from "../../../../local/start/run-folder.ts";

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "cutover-test-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

const host = encodeURIComponent(hostname());

/** The id of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

test("the folder of a run whose process has ended is removed by the next, with what is in it", () => {
  const stale = join(parent, `cutover-start-${host}-${endedProcess()}-aB3xYz`);
  mkdirSync(join(stale, "cutover-execution-1"), { recursive: true });
  writeFileSync(join(stale, "cutover-execution-1", "checkpoints.jsonl"), "{}\n");
  const folder = makeRunFolder(parent);
  expect(readdirSync(parent)).toEqual([basename(folder)]);
});

test.each([
  ["of a run that goes on", `cutover-start-${host}-${process.pid}-aB3xYz`],
  ["of another machine", `cutover-start-not-${host}-${endedProcess()}-aB3xYz`],
  ["of something else", `cutover-${endedProcess()}-aB3xYz`],
  ["that only begins alike", `cutover-start-${host}-${endedProcess()}-of-mine`],
])("a folder %s stays", (_whose, name) => {
  mkdirSync(join(parent, name));
  const folder = makeRunFolder(parent);
  expect(readdirSync(parent).sort()).toEqual([name, basename(folder)].sort());
});

test("two runs of one process have folders of their own", () => {
  const folders = [makeRunFolder(parent), makeRunFolder(parent)];
  expect(readdirSync(parent).sort()).toEqual(folders.map((folder) => basename(folder)).sort());
});
