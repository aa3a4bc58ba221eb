import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "./jest.ts";
import { runCutover } from "./run-cutover.ts";
import { type Program, startProgram } from "./start-program.ts";

/** A kept sandbox for a file of tests, with a policy of their own. */
export function useSandbox(policy: object, ...options: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "cutover-sandbox-test-"));
  const keep = join(folder, "kept");
  const started: ChildProcess[] = [];
  let sandbox: Program;
  let port = "";

  function startSandbox(...args: readonly string[]): Program {
    const sandbox = startProgram(process.execPath, ["local/sandbox.ts", ...args], { TMPDIR: folder });
    started.push(sandbox.child);
    return sandbox;
  }

  async function startKept(start: typeof startSandbox, ...args: readonly string[]): Promise<void> {
    sandbox = start("--port", "0", "--keep", keep, ...args);
    [, port = ""] = await sandbox.until(/http:\/\/127\.0\.0\.1:(\d+): /);
  }

  beforeAll(async () => {
    const file = join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(policy));
    await startKept(startSandbox, "--policy", file, ...options);
  });
  afterAll(async () => {
    for (const child of started) child.kill("SIGTERM");
    await Promise.all(started.map((child) => child.exitCode ?? child.signalCode ?? once(child, "close")));
    rmSync(folder, { recursive: true });
  });

  return {
    folder,
    keep,
    startSandbox,
    /** The process that runs now. */
    sandbox: () => sandbox,
    /** As a power cut, and a start with nothing but the folder. */
    async restart(start = startSandbox): Promise<void> {
      sandbox.child.kill("SIGKILL");
      await sandbox.ended;
      await startKept(start);
    },
    port: () => port,
    cutover: (...words: readonly string[]) => runCutover(words, port),
    async setAlarm(name: string, state: "OK" | "ALARM"): Promise<void> {
      await fetch(`http://127.0.0.1:${port}/alarms/${name}`, { method: "PUT", body: state });
    },
  };
}
