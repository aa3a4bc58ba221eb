import { setTimeout as sleep } from "node:timers/promises";
import { isUnderWay } from "../lambda/core/report/rollout-status.ts";
import { formatSeconds } from "../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Door } from "./connect.ts";
import { describeChange, describeLive } from "./describe-answer.ts";
import { EXIT, Failure } from "./failure.ts";
import { createView, isLive, say } from "./terminal.ts";

interface View {
  show(answer: StatusAnswer): void;
  close(): void;
}

export interface Followed {
  readonly rolloutId: string;
  readonly execution?: string | undefined;
}

/** Of the rollout that runs, or else of the last, when none is named. */
export async function askStatus(
  door: Door,
  rollout: { readonly [Member in keyof Followed]?: string | undefined },
): Promise<StatusAnswer> {
  const { rolloutId, execution } = rollout;
  return (await door.ask({ command: "status", rolloutId, execution })) as StatusAnswer;
}

export function hasEnded({ status }: StatusAnswer): boolean {
  return status !== "starting" && !isUnderWay({ status });
}

/** Whether a rollout can no longer be refused: it flips, restores, waits for the lock or has ended. */
export function hasBegun(answer: StatusAnswer): boolean {
  const { phase } = ("progress" in answer ? answer.progress : undefined) ?? {};
  return hasEnded(answer) || (answer.status !== "starting" && phase !== "preparing");
}

export interface Watching {
  /** @default until the rollout has ended */
  readonly until?: (answer: StatusAnswer) => boolean;
  readonly mostMinutes?: number | undefined;
  /** Between two questions. @default 10,000 */
  readonly mostWaitMs?: number | undefined;
  /** @default the live view on a terminal, or else lines */
  readonly view?: View | undefined;
}

/**
 * Watches a rollout until it has ended: a live view on a terminal, or else one line for each change. Ctrl-C ends the
 * watching, and not the rollout. @throws Failure when the end is not known
 */
export async function follow(door: Door, rollout: Followed, watching: Watching = {}): Promise<StatusAnswer> {
  const { mostMinutes, view = isLive() ? watchLive(door, rollout) : watchLines() } = watching;
  const stop = new AbortController();
  const interrupt = () => stop.abort(interrupted(door, rollout));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const timer =
    mostMinutes === undefined
      ? undefined
      : setTimeout(
          () => stop.abort(lost(rollout, `it did not end within ${mostMinutes} minutes`)),
          mostMinutes * 60_000,
        );
  try {
    const stopped = new Promise<never>((_resolve, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
    });
    return await Promise.race([poll(door, rollout, { ...watching, show: view.show, signal: stop.signal }), stopped]);
  } finally {
    clearTimeout(timer);
    view.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    stop.abort();
  }
}

const MOST_MISSES = 10;
const FIRST_WAIT_MS = 100;
const USUAL_WAIT_MS = 1_000;

interface Polling extends Watching {
  readonly show: (answer: StatusAnswer) => void;
  readonly signal: AbortSignal;
}

/** Asks soon at first, for a person waits for the plan, and less often with time, because each answer reads the ledger. */
async function poll(
  door: Door,
  rollout: Followed,
  { until = hasEnded, mostWaitMs = 10_000, show, signal }: Polling,
): Promise<StatusAnswer> {
  const beganAt = Date.now();
  let misses = 0;
  for (;;) {
    const answer = await askStatus(door, rollout).catch((error: Failure) => {
      misses += 1;
      if (misses > MOST_MISSES) throw lost(rollout, error.message, error);
      return undefined;
    });
    // An answer that comes after Ctrl-C is not drawn below the goodbye.
    if (answer !== undefined && !signal.aborted) {
      misses = 0;
      if (until(answer)) return answer;
      show(answer);
    }
    const spentMs = Date.now() - beganAt;
    const waitMs = Math.min(Math.max(FIRST_WAIT_MS, Math.min(spentMs, USUAL_WAIT_MS), spentMs / 20), mostWaitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return new Promise<never>(() => {});
  }
}

function watchLines(): View {
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

function watchLive({ writeAdvice }: Door, { rolloutId }: Followed): View {
  const view = createView();
  const beganAt = Date.now();
  return {
    show(answer: StatusAnswer) {
      const watched = formatSeconds(Math.round((Date.now() - beganAt) / 1_000));
      const hint = `  watched for ${watched}; Ctrl-C ends only the watching`;
      view.draw(describeLive(answer, writeAdvice), [
        { text: `  ${rolloutId}`, style: "dim" },
        { text: hint, style: "dim" },
      ]);
    },
    close: view.close,
  };
}

function interrupted(door: Door, { rolloutId }: Followed): Failure {
  const [watch, stop] = [door.toCommand("status", rolloutId, "--watch"), door.toCommand("abort", rolloutId)];
  return new Failure(
    `the watching ended, and rollout ${rolloutId} continues\n  to watch it again:  ${watch}\n  to stop it:         ${stop}`,
    { exitCode: EXIT.interrupted },
  );
}

function lost({ rolloutId }: Followed, why: string, cause?: Failure): Failure {
  return new Failure(`${why}\nthe end of rollout ${rolloutId} is not known; it continues without this program`, {
    cause,
  });
}
