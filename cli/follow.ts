import { setTimeout as sleep } from "node:timers/promises";
import { isUnderWay } from "../lambda/core/report/rollout-status.ts";
import { formatSeconds } from "../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Door } from "./connect.ts";
import { describeChange, describeLive } from "./describe-answer.ts";
import { EXIT, Failure } from "./failure.ts";
import { createView, isLive, say } from "./terminal.ts";

export interface Followed {
  readonly rolloutId: string;
  readonly execution?: string | undefined;
}

/** The status with its report as text. */
export async function askStatus(
  door: Door,
  rollout: { readonly [Member in keyof Followed]?: string | undefined },
): Promise<StatusAnswer> {
  const { rolloutId, execution } = rollout;
  return (await door.ask({ command: "status", rolloutId, execution, format: "terminal" })) as StatusAnswer;
}

export function hasEnded({ status }: StatusAnswer): boolean {
  return status !== "starting" && !isUnderWay({ status });
}

/**
 * Watches a rollout until it has ended: a live view on a terminal, or else one line for each change. Ctrl-C ends the
 * watching, and not the rollout. @throws Failure when the end is not known
 */
export async function follow(door: Door, rollout: Followed): Promise<StatusAnswer> {
  const stop = new AbortController();
  const interrupt = () => stop.abort(interrupted(rollout));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const view = isLive() ? watchLive(rollout) : watchLines();
  try {
    const stopped = new Promise<never>((_resolve, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
    });
    return await Promise.race([pollToEnd(door, rollout, view.show, stop.signal), stopped]);
  } finally {
    view.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    stop.abort();
  }
}

const MOST_MISSES = 10;
const LEAST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 10_000;

/** Asks less often with time, because each answer reads the ledger. */
async function pollToEnd(
  door: Door,
  rollout: Followed,
  show: (answer: StatusAnswer) => void,
  signal: AbortSignal,
): Promise<StatusAnswer> {
  const beganAt = Date.now();
  let misses = 0;
  for (;;) {
    const answer = await askStatus(door, rollout).catch((error: Failure) => {
      misses += 1;
      if (misses > MOST_MISSES) throw lost(rollout, error);
      return undefined;
    });
    if (answer !== undefined) {
      misses = 0;
      if (hasEnded(answer)) return answer;
      show(answer);
    }
    const waitMs = Math.min(Math.max(LEAST_WAIT_MS, (Date.now() - beganAt) / 20), MOST_WAIT_MS);
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return new Promise<never>(() => {});
  }
}

function watchLines() {
  let said = "";
  return {
    show(answer: StatusAnswer) {
      const line = describeChange(answer);
      if (line !== said) say({ text: line });
      said = line;
    },
    close() {},
  };
}

function watchLive({ rolloutId }: Followed) {
  const view = createView();
  const beganAt = Date.now();
  return {
    show(answer: StatusAnswer) {
      const watched = formatSeconds(Math.round((Date.now() - beganAt) / 1_000));
      const hint = `  watched for ${watched}; Ctrl-C ends only the watching`;
      view.draw([...describeLive(answer), { text: `  ${rolloutId}`, style: "dim" }, { text: hint, style: "dim" }]);
    },
    close: view.close,
  };
}

function interrupted({ rolloutId }: Followed): Failure {
  return new Failure(
    `the watching ended, and rollout ${rolloutId} continues\n  to watch it again:  cutover status ${rolloutId} --watch\n  to stop it:         cutover abort ${rolloutId}`,
    { exitCode: EXIT.interrupted },
  );
}

function lost({ rolloutId }: Followed, cause: Failure): Failure {
  return new Failure(
    `${cause.message}\nthe end of rollout ${rolloutId} is not known; it continues without this program`,
    {
      cause,
    },
  );
}
