import type { DurableContext, StepConfig } from "@aws/durable-execution-sdk-js";
import { FinalError } from "../core/final-error.ts";
import { type CommandState, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { isStop } from "../core/gate/decision.ts";
import { beginGate, type GateState } from "../core/gate/evaluate-gate.ts";
import { toHoldInterval } from "../core/gate/poll-interval.ts";
import type { Reason } from "../core/reasons.ts";
import type { Ports } from "../steps/ports.ts";
import type { Progress, Rollout, StepRun } from "../steps/run-part.ts";

/** One execution of the workflow. */
export interface Run<Of extends Rollout> {
  readonly ports: Ports;
  readonly durable: Durable;
  readonly rollout: Of;
}

/** The durable operations that a rollout is made of. The workflow decides which of them run, and in what order. */
export interface Durable {
  /** A `patient` step is tried for minutes instead of seconds, because a ledger may be away for so long. */
  step<Result>(name: string, body: () => Promise<Result>, options?: StepOptions): Promise<Result>;
  wait(name: string, seconds: number): Promise<void>;
  /** Asks until there is an answer, ever more rarely. */
  poll<Answer>(name: string, question: () => Promise<Replied<Answer>>): Promise<Answer>;
  /** Polls a gate until it has a decision. The waits between two polls use no compute. */
  waitForGate(name: string, gate: GateWait): Promise<GateState>;
  /**
   * Repeats a budgeted step until it is done. Each run continues where the run before ended. The invocation ends between
   * two runs, so that each run has its full time.
   */
  runParts<State extends Progress>(parts: PartsOptions<State>): Promise<State>;
}

/** An answer, or none yet. After `leftSeconds` the question has an answer, whatever it is. */
export type Replied<Answer> = { readonly answer: Answer } | { readonly leftSeconds: number };

export interface StepOptions {
  readonly retry?: "patient" | undefined;
}

export interface GateWait {
  readonly commandState: CommandState;
  readonly bakeSeconds: number;
  poll(state: GateState): Promise<GateState>;
}

export interface PartsOptions<State> extends StepOptions {
  readonly name: string;
  readonly start: State;
  part(run: StepRun, from: State): Promise<State>;
  /** Polls the gate that a held part waits for. Without it, no part is held. */
  poll?(gate: GateState, progress: State): Promise<GateState>;
  /** How the work continues after a part that failed for good. Without it, the error is thrown. */
  afterFailure?(from: State, problem: readonly Reason[]): State;
}

/** Counts the operations as Lambda meters them: each retry and each poll is one more. The count is the same in each replay. */
export function createDurable(context: DurableContext, { nowMs, ledger }: Pick<Ports, "nowMs" | "ledger">): Durable {
  /** The execution itself is one. */
  let operations = 1;
  /** In this invocation, as far as it is no replay. */
  let hasRun = false;

  const durable: Durable = {
    step: (name, body, options) => runStep(name, () => refuseCrashLoop(name, options).then(body), options),
    async wait(name, seconds) {
      operations += 1;
      await context.wait(name, { seconds });
    },
    async poll<Answer>(name: string, question: () => Promise<Replied<Answer>>) {
      const check = (before: Asked<Answer>) => {
        hasRun = true;
        return ask(question, before);
      };
      const asked = await context.waitForCondition(name, check, {
        initialState: NOT_ASKED as Asked<Answer>,
        waitStrategy: ({ answer, final, waitSeconds }) =>
          answer === undefined && final === undefined
            ? { shouldContinue: true, delay: { seconds: waitSeconds } }
            : { shouldContinue: false },
      });
      operations += 1 + asked.polls;
      return unwrap(asked.final === undefined ? { value: asked.answer as Answer } : { final: asked.final });
    },
    async waitForGate(name, { bakeSeconds, commandState, poll }) {
      operations += 1;
      const { state, final } = await context.waitForCondition<PolledGate>(
        name,
        async ({ state: before }) => {
          hasRun = true;
          const polled = await settle(() => poll(before));
          return "final" in polled ? { state: before, final: polled.final } : { state: polled.value };
        },
        {
          initialState: { state: beginGate(bakeSeconds, commandState, operations) },
          waitStrategy: (after) =>
            after.final !== undefined || after.state.decision !== undefined
              ? { shouldContinue: false }
              : { shouldContinue: true, delay: { seconds: after.state.waitSeconds } },
        },
      );
      operations = state.operations;
      return unwrap(final === undefined ? { value: state } : { final });
    },
    async runParts<State extends Progress>(parts: PartsOptions<State>) {
      let state = parts.start;
      for (let index = 1; !state.done; index += 1) {
        const step = `${parts.name}-${index}`;
        state = await orAfterFailure(parts, state, () => runOnePart(step, parts, state));
        if (state.done) break;
        const { poll } = parts;
        const isWaiting = state.held || state.delaySeconds !== undefined;
        if (isWaiting && poll !== undefined)
          state = await orAfterFailure(parts, state, () => waitWhileHeld(durable, `hold-${step}`, { state, poll }));
        else await durable.wait(`yield-${step}`, 1);
      }
      return state;
    },
  };

  function runOnePart<State>(step: string, parts: PartsOptions<State>, from: State): Promise<State> {
    const before = operations;
    const run = (attempt: number) => {
      hasRun = true;
      const invocationEndsAtMs = nowMs() + context.lambdaContext.getRemainingTimeInMillis();
      return parts.part({ step, attempt, operations: before, invocationEndsAtMs }, from);
    };
    return runStep(step, run, parts);
  }

  /**
   * A step that ends its invocation is repeated by Lambda, for days, and no try is used up. It is then the first thing that
   * runs in the next invocation: only there is its beginning counted. A part counts its own.
   */
  async function refuseCrashLoop(step: string, options: StepOptions | undefined): Promise<void> {
    if (hasRun) return;
    hasRun = true;
    const execution = context.executionContext.durableExecutionArn;
    const name = execution.split("/").at(-2) ?? execution;
    const runs = toTries(options);
    if ((await ledger.countStepAttempt(name, step, execution)) > runs)
      throw new FinalError({ code: "stalled", step, runs });
  }

  async function runStep<Result>(
    name: string,
    body: (attempt: number) => Promise<Result>,
    options?: StepOptions,
  ): Promise<Result> {
    const tries = toTries(options);
    let tried = tries;
    try {
      const settled = await context.step(
        name,
        async ({ attempt }) => ({ ...(await settle(() => body(attempt))), attempt }),
        toRetries(tries),
      );
      tried = settled.attempt;
      return unwrap(settled);
    } finally {
      operations += tried;
    }
  }

  return durable;
}

interface PolledGate {
  /** After the last poll that succeeded. */
  readonly state: GateState;
  readonly final?: readonly Reason[] | undefined;
}

interface Asked<Answer> {
  readonly answer?: Answer | undefined;
  readonly final?: readonly Reason[] | undefined;
  readonly polls: number;
  /** In a row. */
  readonly failures: number;
  readonly waitedSeconds: number;
  /** Until the next question. */
  readonly waitSeconds: number;
}

const NOT_ASKED = { polls: 0, failures: 0, waitedSeconds: 0, waitSeconds: 0 };

/** A wait of hours outlasts an outage of the ledger. */
const MOST_FAILED_QUESTIONS = 20;

async function ask<Answer>(question: () => Promise<Replied<Answer>>, before: Asked<Answer>): Promise<Asked<Answer>> {
  const waitedSeconds = before.waitedSeconds + before.waitSeconds;
  const waitSeconds = toHoldInterval(waitedSeconds);
  const asked = { polls: before.polls + 1, failures: 0, waitedSeconds, waitSeconds };
  try {
    const replied = await question();
    if ("answer" in replied) return { ...asked, answer: replied.answer };
    return { ...asked, waitSeconds: Math.max(1, Math.min(waitSeconds, replied.leftSeconds)) };
  } catch (error) {
    if (error instanceof FinalError) return { ...asked, final: error.reasons };
    const failures = before.failures + 1;
    if (failures >= MOST_FAILED_QUESTIONS) throw error;
    return { ...asked, failures };
  }
}

/** The result of the body, or how the work continues after the body failed for good. */
async function orAfterFailure<State extends Progress>(
  { afterFailure }: PartsOptions<State>,
  from: State,
  body: () => Promise<State>,
): Promise<State> {
  try {
    return await body();
  } catch (error) {
    if (afterFailure === undefined) throw error;
    return afterFailure({ ...from, held: false, delaySeconds: undefined }, reasonsOf(error));
  }
}

/** A pause, the stop switch, alarms without data or a planned wait hold a part. The gate says when it continues or stops. */
async function waitWhileHeld<State extends Progress>(
  durable: Durable,
  name: string,
  { state, poll }: { readonly state: State; readonly poll: NonNullable<PartsOptions<State>["poll"]> },
): Promise<State> {
  const { commandState, decision } = await durable.waitForGate(name, {
    bakeSeconds: state.delaySeconds ?? 0,
    commandState: state.commandState ?? NO_COMMANDS,
    poll: (gate) => poll(gate, state),
  });
  return { ...state, held: false, delaySeconds: undefined, commandState, ...(isStop(decision) && { stop: decision }) };
}

/** Five tries take half a minute, eleven take six minutes. */
const TRIES = 5;
const PATIENT_TRIES = 11;
const MOST_SECONDS_BETWEEN = 60;

function toTries({ retry }: StepOptions = {}): number {
  return retry === "patient" ? PATIENT_TRIES : TRIES;
}

/** A step's own retries are for a machine or a ledger that fails for a moment. */
function toRetries(tries: number): Pick<Required<StepConfig<unknown>>, "retryStrategy"> {
  return {
    retryStrategy: (_error, attempt) =>
      attempt >= tries
        ? { shouldRetry: false }
        : { shouldRetry: true, delay: { seconds: Math.min(2 ** attempt, MOST_SECONDS_BETWEEN) } },
  };
}

/**
 * The result of a durable operation. An error leaves a step with only its name and message. So a failure that no repetition
 * mends leaves the step as data: its reasons.
 */
type Settled<Result> = { readonly value: Result } | { readonly final: readonly Reason[] };

async function settle<Result>(body: () => Promise<Result>): Promise<Settled<Result>> {
  try {
    return { value: await body() };
  } catch (error) {
    if (error instanceof FinalError) return { final: error.reasons };
    throw error;
  }
}

function unwrap<Result>(settled: Settled<Result>): Result {
  if ("final" in settled) throw new FinalError(settled.final);
  return settled.value;
}

/** Why a durable operation failed. An error that a step threw arrives as the cause of the SDK's own error. */
export function reasonsOf(error: unknown): readonly Reason[] {
  if (error instanceof FinalError) return error.reasons;
  const thrown = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(thrown instanceof Error)) return [{ code: "unexpected", error: "unknown", detail: String(thrown) }];
  return [{ code: "unexpected", error: thrown.name, detail: thrown.message }];
}
