import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "./jest.ts";
import { type Program, startProgram } from "./start-program.ts";

/**
 * For a file of tests: what `npm start` writes for a while goes to a folder of the file's own, and whatever a test
 * leaves running is killed.
 */
export function useNpmStart() {
  const folder = mkdtempSync(join(tmpdir(), "cutover-test-"));
  const started: Program["child"][] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** `npm start` without npm. */
  function start(...args: string[]): Program {
    const program = startProgram(process.execPath, ["local/start.ts", ...args], { TMPDIR: folder });
    program.child.stdin.end();
    started.push(program.child);
    return program;
  }

  return {
    folder,
    start,
    async run(...args: string[]) {
      const running = start(...args);
      const code = await running.ended;
      return { code, out: running.out(), err: running.err() };
    },
  };
}
