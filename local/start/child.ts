import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalRunError } from "./local-run-error.ts";

/** A child process that ends with this process. */
export interface Child {
  readonly process: ChildProcess;
  /** Rejects when the process ends before it is stopped. */
  readonly crash: Promise<never>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** The name in error messages, such as "the emulator". */
  readonly what: string;
  readonly script: URL;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const END_WITH_PARENT = new URL("./end-with-parent.ts", import.meta.url);
const PATIENCE_MS = 1_000;

/**
 * Starts a script with a channel to this process; the child ends when the channel breaks. The child is not in the
 * terminal's process group: Ctrl-C reaches only this process, which then ends its children in order.
 */
export function startChild({ what, script, args = [], environment = {} }: ChildOptions): Child {
  const child = fork(script, args, {
    execArgv: [...process.execArgv, "--import", END_WITH_PARENT.href],
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  let stderrTail = "";
  child.stderr?.on("data", (chunk) => {
    stderrTail = `${stderrTail}${chunk}`.slice(-8_000);
  });
  let stopping = false;
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const crash = ended.then(([code, signal]) => {
    if (stopping) return new Promise<never>(() => {});
    throw new LocalRunError(`${what} ended unexpectedly (${signal ?? `exit code ${code}`})${quote(stderrTail)}`);
  });
  // It may reject when no caller awaits it.
  crash.catch(() => {});
  return {
    process: child,
    crash,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const isEnded = await Promise.race([ended.then(() => true), sleep(PATIENCE_MS, false, { ref: false })]);
      if (!isEnded) child.kill("SIGKILL");
    },
  };
}

/** The line of a stack trace with the message. */
function quote(stderrTail: string): string {
  const lines = stderrTail.split("\n").map((line) => line.trim());
  const line = lines.find((text) => /^\w*Error\b/.test(text)) ?? lines.findLast(Boolean);
  return line === undefined ? "" : `: ${line.slice(0, 300)}`;
}
