import type { PaceLimits } from "../../lambda/core/flip/pace.ts";
import { answerParent, type EmulatorProcess } from "../support/children.ts";

/** The first request to each contender. */
export interface Setup {
  readonly emulator: Omit<EmulatorProcess, "end">;
  readonly ids: readonly string[];
  readonly concurrency: number;
  /** For the client. @default above the emulator's speed */
  readonly pace?: PaceLimits;
}

export interface Result {
  readonly flips: number;
  readonly seconds: number;
  /** The flip parts of a rollout, without lookup, plan and report. */
  readonly partSeconds?: number | undefined;
  /** The CPU time of the client's process. */
  readonly cpuSeconds: number;
}

/** Flips the first `flips` customers and returns their number. A rollout flips all customers. */
export type Flipper = (isStaging: boolean, flips: number) => Promise<Pick<Result, "flips" | "partSeconds">>;

export type Request = { readonly setup: Setup } | { readonly isStaging: boolean; readonly flips: number };

/** Runs a contender in this process: the first request sets it up, each further request is a timed round. */
export function contend(prepare: (setup: Setup) => Promise<Flipper>): void {
  let flipper: Flipper = () => Promise.reject(new Error("a contender is set up first"));
  answerParent(async (request: Request) => {
    if ("setup" in request) {
      flipper = await prepare(request.setup);
      return undefined;
    }
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    const done = await flipper(request.isStaging, request.flips);
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { ...done, seconds, cpuSeconds: (user + system) / 1e6 } satisfies Result;
  });
}

/** `concurrency` workers share one queue. */
export async function inParallel(
  ids: readonly string[],
  concurrency: number,
  each: (id: string) => Promise<void>,
): Promise<{ readonly flips: number }> {
  const queue = ids.values();
  const worker = async () => {
    for (const id of queue) await each(id);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { flips: ids.length };
}

/** Signs in and returns the session's cookies. */
export async function signIn({ address, userName, password }: Setup["emulator"]): Promise<string> {
  const response = await fetch(`${address}/auth/credentials`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ provider: "credentials", userName, password, rememberMe: true }),
  });
  await response.arrayBuffer();
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}
