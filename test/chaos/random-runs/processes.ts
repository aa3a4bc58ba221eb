import type { DurableContext } from "@aws/durable-execution-sdk-js";
import type { Call } from "./memory-table.ts";

/** Where a process waits until the history lets it go on. */
interface Point {
  /** Until when it sleeps. */
  readonly untilMs?: number;
  /** Sleeps beside the work: nothing waits for it, and it goes on no sooner than its time has come. */
  readonly isBeside?: boolean;
  /** Makes what it is about, when it was not made yet; of a process that dies, too. */
  land(): void;
  /** Goes on from here. */
  go(): void;
}

/** A durable operation as it is recorded. */
interface Entry {
  readonly name: string;
  attempt: number;
  dueMs?: number;
  state?: unknown;
  end?: { readonly result: unknown } | { readonly error: Error };
}

/** One process that runs an execution. It only ever goes on when it is told to. */
export interface Process {
  readonly id: number;
  readonly execution: Execution;
  alive: boolean;
  readonly points: Point[];
}

/** A durable execution: it outlives its processes. */
export interface Execution {
  readonly name: string;
  readonly arn: string;
  readonly event: unknown;
  readonly journal: Entry[];
  process?: Process | undefined;
  /** What Lambda says. */
  isRunning: boolean;
  result?: unknown;
  error?: Error;
}

export interface Clock {
  nowMs: number;
}

const POINT_MS = 20;

export interface CallOptions {
  /** How long a call may take: then it is not made any more, or its answer is not heard. */
  readonly timeoutMs: number;
  /** Whether an answer is heard only when the process is let go on a second time. */
  readonly slowReplies: boolean;
}

let lastId = 0;

export function createProcess(execution: Execution): Process {
  lastId += 1;
  return { id: lastId, execution, alive: true, points: [] };
}

/** Calls of a process: each is made when the process is let go on. */
export function createCall(process: Process, clock: Clock, { timeoutMs, slowReplies }: CallOptions): Call {
  return (what, effect) =>
    new Promise((resolve, reject) => {
      const begunMs = clock.nowMs;
      let answer: (() => void) | undefined;
      const land = () => {
        answer ??= toAnswer(effect, resolve, reject);
      };
      const point: Point = {
        land,
        go() {
          const [isReply, isLate] = [answer !== undefined, clock.nowMs - begunMs > timeoutMs];
          if (!isLate) land();
          if (!isLate && slowReplies && !isReply) return;
          leave(process, point);
          if (isLate) reject(new UnansweredError(`too late for ${what}`));
          else answer?.();
        },
      };
      process.points.push(point);
    });
}

/** The ledger did not answer a process. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
}

function toAnswer<Result>(
  effect: () => Result,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const result = effect();
    return () => resolve(result);
  } catch (error) {
    return () => reject(error);
  }
}

function leave({ points }: Process, point: Point): void {
  points.splice(points.indexOf(point), 1);
}

/** Lets a process go on from one of its points, and waits until it stands still again. */
export async function goOn(process: Process, clock: Clock, choice: number): Promise<void> {
  const points = process.points.filter(({ isBeside, untilMs = 0 }) => !isBeside || untilMs <= clock.nowMs);
  const point = points[choice % points.length];
  if (point === undefined) throw new Error(`${process.execution.name} waits for nothing, and has not ended`);
  clock.nowMs += POINT_MS;
  point.go();
  await standStill();
}

/** Until when a process sleeps; undefined while there is anything else that it can do. */
export function sleepsUntil({ points }: Process): number | undefined {
  const [first, ...others] = points.filter(({ isBeside }) => !isBeside);
  return others.length === 0 ? first?.untilMs : undefined;
}

/** A sleep beside the work of a process. */
export function createSleep(process: Process, clock: Clock) {
  return (ms: number) => sleepUntil(process, { untilMs: clock.nowMs + ms, isBeside: true });
}

function sleepUntil(process: Process, when: Pick<Point, "untilMs" | "isBeside">): Promise<void> {
  return new Promise((resolve) => {
    const point: Point = {
      ...when,
      land: () => undefined,
      go() {
        leave(process, point);
        resolve();
      },
    };
    process.points.push(point);
  });
}

export function standStill(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Ends a process; what it had begun arrives, or does not. */
export function killProcess(process: Process, lands: boolean): void {
  process.alive = false;
  process.execution.process = undefined;
  for (const point of process.points.splice(0)) if (lands) point.land();
}

/** Durable operations as the SDK makes them: recorded, and answered from the record when they are run again. */
export function createContext(process: Process, clock: Clock): DurableContext {
  const { execution } = process;
  const call = createCall(process, clock, { timeoutMs: Number.POSITIVE_INFINITY, slowReplies: false });
  let place = 0;

  function begin(name: string): Entry {
    const entry = execution.journal[place] ?? { name, attempt: 1 };
    if (entry.name !== name) throw new Error(`${name} was run where ${entry.name} had been recorded`);
    execution.journal[place] = entry;
    place += 1;
    return entry;
  }

  /** An execution that Lambda has ended records nothing more: its process has no way on. */
  const record = (what: string, change: () => void): Promise<void> =>
    call(`record ${what}`, () => {
      if (execution.isRunning) change();
      else killProcess(process, false);
    }).then(() => (process.alive ? undefined : NEVER));

  async function sleep(entry: Entry, seconds: number): Promise<void> {
    entry.dueMs ??= clock.nowMs + seconds * 1000;
    await sleepUntil(process, { untilMs: entry.dueMs });
    clock.nowMs = Math.max(clock.nowMs, entry.dueMs);
    delete entry.dueMs;
  }

  async function run<Result>(entry: Entry, body: () => Promise<Result>): Promise<Result> {
    if (entry.end === undefined) {
      try {
        const result = toJson(await body());
        await record(entry.name, () => Object.assign(entry, { end: { result } }));
      } catch (error) {
        await record(`failure of ${entry.name}`, () => Object.assign(entry, { end: { error } }));
      }
    }
    const end = entry.end as unknown as NonNullable<Entry["end"]>;
    if ("error" in end) throw new Error(end.error.message, { cause: toThrown(end.error) });
    return end.result as Result;
  }

  type Retry = (error: unknown, attempt: number) => { readonly shouldRetry: boolean; readonly delay?: Delay };

  const context = {
    executionContext: { durableExecutionArn: execution.arn },
    lambdaContext: { getRemainingTimeInMillis: () => 900_000 },
    async step<Result>(name: string, body: (run: { readonly attempt: number }) => Promise<Result>, options: unknown) {
      const { retryStrategy } = options as { readonly retryStrategy: Retry };
      const entry = begin(name);
      return run(entry, async () => {
        for (;;) {
          if (entry.dueMs !== undefined) await sleep(entry, 0);
          try {
            return await body({ attempt: entry.attempt });
          } catch (error) {
            const { shouldRetry, delay } = retryStrategy(error, entry.attempt);
            if (!shouldRetry) throw error;
            await record(`try ${entry.attempt} of ${name}`, () => {
              entry.attempt += 1;
              entry.dueMs = clock.nowMs + (delay?.seconds ?? 1) * 1000;
            });
          }
        }
      });
    },
    wait(name: string, { seconds }: Delay) {
      const entry = begin(name);
      return run(entry, () => sleep(entry, seconds));
    },
    async waitForCondition<State>(name: string, check: (state: State) => Promise<State>, options: Condition<State>) {
      const entry = begin(name);
      return run(entry, async () => {
        let state = (entry.state ?? toJson(options.initialState)) as State;
        for (;;) {
          if (entry.dueMs !== undefined) await sleep(entry, 0);
          state = toJson(await check(state));
          const { shouldContinue, delay } = options.waitStrategy(state);
          if (!shouldContinue) return state;
          const seen = state;
          await record(`look of ${name}`, () => {
            entry.state = seen;
            entry.dueMs = clock.nowMs + (delay?.seconds ?? 1) * 1000;
          });
        }
      });
    },
  };
  return context as unknown as DurableContext;
}

interface Delay {
  readonly seconds: number;
}

interface Condition<State> {
  readonly initialState: State;
  waitStrategy(state: State): { readonly shouldContinue: boolean; readonly delay?: Delay };
}

const NEVER = new Promise<never>(() => undefined);

function toJson<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}

/** Of an error that a step throws, only name and message come out of the step. */
function toThrown({ name, message }: Error): Error {
  return Object.assign(new Error(message), { name });
}
