import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A program as a process, and what it has written so far. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  out(): string;
  err(): string;
  /** The exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when standard output and standard error together match. */
  until(pattern: RegExp): Promise<RegExpMatchArray>;
}

export function startProgram(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...environment }, stdio: "pipe" });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let isOver = false;
  child.once("close", () => {
    isOver = true;
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(out + err);
        if (found !== null) return found;
        if (isOver) throw new Error(`ended without ${pattern}: ${out}${err}`);
        await sleep(20);
      }
    },
  };
}
