import type { PaceLimits } from "../../lambda/core/flip/pace.ts";
import { answerParent, type EmulatorProcess } from "../support/children.ts";

/** What each contender is told first. */
export interface Setup {
  readonly emulator: Omit<EmulatorProcess, "end">;
  readonly ids: readonly string[];
  readonly concurrency: number;
  /** For the client. @default above what any server here can do */
  readonly pace?: PaceLimits;
}

export interface Result {
  readonly flips: number;
  readonly seconds: number;
  /** Of a rollout: its flip parts alone, without lookup, plan and report. */
  readonly partSeconds?: number | undefined;
  /** Of the client's process alone. */
  readonly cpuSeconds: number;
}

/** Flips the first so many customers and gives their number. A rollout flips all of them. */
export type Flipper = (isStaging: boolean, flips: number) => Promise<Pick<Result, "flips" | "partSeconds">>;

export type Request = { readonly setup: Setup } | { readonly isStaging: boolean; readonly flips: number };

/** Runs a contender in this process: set up once, then one round at each call, timed here. */
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

/** As many workers as requests may be in flight take from one queue. */
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

/** A session's cookies, as a script would get them. */
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
