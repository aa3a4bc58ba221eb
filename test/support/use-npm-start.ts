import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

type StartChild = ChildProcessByStdio<null, Readable, Readable>;

/** `npm start` without npm, and everything that it writes. */
export interface Running {
  readonly child: StartChild;
  out(): string;
  err(): string;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/**
 * For a file of tests: what `npm start` writes for a while goes to a folder of the file's own, and whatever a test
 * leaves running is killed.
 */
export function useNpmStart(environment: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "cutover-test-"));
  const started: StartChild[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function start(...args: string[]): Running {
    const env = { ...process.env, TMPDIR: folder, ...environment };
    const child = spawn(process.execPath, ["local/start.ts", ...args], {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.push(child);
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    return { child, out: () => out, err: () => err, ended };
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
