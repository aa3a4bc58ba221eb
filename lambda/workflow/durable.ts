import type { DurableContext, StepConfig } from "@aws/durable-execution-sdk-js";
import { FinalError } from "../core/final-error.ts";
import { type CommandState, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { isStop } from "../core/gate/decision.ts";
import { beginGate, type GateState } from "../core/gate/evaluate-gate.ts";
import type { Progress, StepRun } from "../steps/run-part.ts";

export interface PartsOptions<State> {
  readonly name: string;
  readonly start: State;
  /** Tries what fails for minutes instead of seconds: for what must not be left half done. */
  readonly isPatient?: boolean;
  part(run: StepRun, from: State): Promise<State>;
  /** Looks whether a part that was held may go on; without it, parts are never held. */
  look?(state: GateState): Promise<GateState>;
  /** How to go on after a part that failed for good; without it, the failure is thrown. */
  afterFailure?(from: State, problem: string): State;
}

export interface Watch {
  readonly commandState: CommandState;
  readonly bakeSeconds: number;
  look(state: GateState): Promise<GateState>;
}

/** The durable operations that a rollout is made of; which of them, and in what order, is the workflow's business. */
export interface Durable {
  step<Result>(name: string, body: () => Promise<Result>): Promise<Result>;
  /** A step that is tried for minutes, as long as a ledger may be away. */
  stepPatiently<Result>(name: string, body: () => Promise<Result>): Promise<Result>;
  rest(name: string, seconds: number): Promise<void>;
  /** Asks again and again, some time apart, until there is an answer. */
  ask<Answer>(name: string, seconds: number, question: () => Promise<Answer | undefined>): Promise<Answer>;
  /** Looks at the world until it says how to go on; waiting costs nothing. */
  watch(name: string, watch: Watch): Promise<GateState>;
  /**
   * Repeats a budgeted step until it is done, each run from where the one before came to. Between two runs the
   * invocation is given back, so that each has its full time.
   */
  runParts<State extends Progress>(parts: PartsOptions<State>): Promise<State>;
}

interface Asked<Answer> {
  readonly answer?: Answer | undefined;
  /** In a row. */
  readonly failures: number;
}

/** A wait of hours outlives the ledger's moods. */
const MOST_FAILED_QUESTIONS = 20;

export function createDurable(context: DurableContext, nowMs: () => number): Durable {
  function runOnce<State>(step: string, { part, isPatient }: PartsOptions<State>, from: State): Promise<State> {
    const run = ({ attempt }: { readonly attempt: number }) => {
      const invocationEndsAtMs = nowMs() + context.lambdaContext.getRemainingTimeInMillis();
      return part({ step, attempt, invocationEndsAtMs }, from);
    };
    return context.step(step, run, isPatient ? TRY_PATIENTLY : TRY_AGAIN);
  }

  const durable: Durable = {
    step: (name, body) => context.step(name, body, TRY_AGAIN),
    stepPatiently: (name, body) => context.step(name, body, TRY_PATIENTLY),
    rest: (name, seconds) => context.wait(name, { seconds }),
    async ask<Answer>(name: string, seconds: number, question: () => Promise<Answer | undefined>) {
      const askOnce = async ({ failures }: Asked<Answer>): Promise<Asked<Answer>> => {
        try {
          return { failures: 0, answer: await question() };
        } catch (error) {
          if (error instanceof FinalError || failures + 1 >= MOST_FAILED_QUESTIONS) throw error;
          return { failures: failures + 1 };
        }
      };
      const { answer } = await context.waitForCondition(name, askOnce, {
        initialState: { failures: 0 },
        waitStrategy: ({ answer: given }) =>
          given === undefined ? { shouldContinue: true, delay: { seconds } } : { shouldContinue: false },
      });
      return answer as Answer;
    },
    watch: (name, { bakeSeconds, commandState, look }) =>
      context.waitForCondition(name, look, {
        initialState: beginGate(bakeSeconds, commandState),
        waitStrategy: ({ decision, waitSeconds }) =>
          decision === undefined
            ? { shouldContinue: true, delay: { seconds: waitSeconds } }
            : { shouldContinue: false },
      }),
    async runParts<State extends Progress>(parts: PartsOptions<State>) {
      let state = parts.start;
      for (let index = 1; !state.done; index += 1) {
        const step = `${parts.name}-${index}`;
        state = await orGoOn(parts, state, () => runOnce(step, parts, state));
        if (state.done) break;
        const { look } = parts;
        if ((state.held || state.restSeconds !== undefined) && look !== undefined)
          state = await orGoOn(parts, state, () => holdOn(durable, `hold-${step}`, { state, look }));
        else await context.wait(`rest-${step}`, { seconds: 1 });
      }
      return state;
    },
  };
  return durable;
}

/** What is done, or how to go on after it failed for good. */
async function orGoOn<State extends Progress>(
  { afterFailure }: PartsOptions<State>,
  from: State,
  body: () => Promise<State>,
): Promise<State> {
  try {
    return await body();
  } catch (error) {
    if (afterFailure === undefined) throw error;
    return afterFailure({ ...from, held: false, restSeconds: undefined }, messageOf(error));
  }
}

/** A pause, the stop switch, alarms without data or a rest hold a part: it goes on, or stops, as the watch says. */
async function holdOn<State extends Progress>(
  durable: Durable,
  name: string,
  { state, look }: { readonly state: State; readonly look: Watch["look"] },
): Promise<State> {
  const { commandState, decision } = await durable.watch(name, {
    bakeSeconds: state.restSeconds ?? 0,
    commandState: state.commandState ?? NO_COMMANDS,
    look,
  });
  return { ...state, held: false, restSeconds: undefined, commandState, ...(isStop(decision) && { stop: decision }) };
}

/** For the machine's and the ledger's moods: half a minute. */
const TRY_AGAIN = tryUpTo(5);
/** Six minutes. */
const TRY_PATIENTLY = tryUpTo(11);
const MOST_SECONDS_BETWEEN = 60;

/** What no repetition mends is not repeated. */
function tryUpTo(tries: number): Pick<Required<StepConfig<unknown>>, "retryStrategy"> {
  return {
    retryStrategy: (error, attempt) =>
      error instanceof FinalError || attempt >= tries
        ? { shouldRetry: false }
        : { shouldRetry: true, delay: { seconds: Math.min(2 ** attempt, MOST_SECONDS_BETWEEN) } },
  };
}

/** A class thrown in a step arrives here as the cause of another error, with name and message only. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
