import type { DurableContext, StepConfig } from "@aws/durable-execution-sdk-js";
import { acceptDeployEvent } from "./events/accept.ts";
import { getFlipEvent } from "./events/deploy-event.ts";
import { FinalError } from "./rollout/final-error.ts";
import type { Plan } from "./rollout/plan.ts";
import type { Lock } from "./rollout/records.ts";
import type { Report } from "./rollout/report.ts";
import { closeRollout, type Ended } from "./steps/close.ts";
import { afterFailure, FLIP_START, type FlipProgress, flipPart } from "./steps/flip-part.ts";
import { LOOKUP_START, lookUp } from "./steps/look-up.ts";
import { makePlan, PLAN_START, type PlanProgress } from "./steps/make-plan.ts";
import { openRollout } from "./steps/open.ts";
import type { Progress, Rollout, StepRun } from "./steps/part.ts";
import type { Ports } from "./steps/ports.ts";

/** The whole product: open → look up → plan → flip, part by part → close → report. */
export async function runRollout(ports: Ports, input: unknown, context: DurableContext): Promise<Report> {
  const event = getFlipEvent(acceptDeployEvent(input, ports.policy));
  const { durableExecutionArn } = context.executionContext;
  const opened = await context.step("open", () => openRollout(ports, event, durableExecutionArn), TRY_AGAIN);
  if (opened.kind === "answered") return opened.report;
  if (opened.settleSeconds > 0) await context.wait("settle", { seconds: opened.settleSeconds });

  const rollout: Rollout = { ...opened, event };
  const prepared = await lookUpAndPlan(ports, rollout, context);
  const ended = prepared.kind === "ready" ? await flip(ports, prepared, context) : prepared;
  return context.step("close", () => closeRollout(ports, rollout, ended), TRY_AGAIN);
}

type Prepared = ({ readonly kind: "ended" } & Ended) | ({ readonly kind: "ready" } & Ready);

interface Ready {
  readonly rollout: Rollout & { readonly lock: Lock };
  readonly planned: PlanProgress;
  readonly plan: Plan;
}

/** Whatever goes wrong before the first flip ends the rollout with nobody flipped. */
async function lookUpAndPlan(ports: Ports, rollout: Rollout, context: DurableContext): Promise<Prepared> {
  try {
    const lookup = await inParts(ports, context, {
      name: "look-up",
      start: LOOKUP_START,
      part: (run, from) => lookUp(ports, rollout, run, from),
    });
    const planned = await inParts(ports, context, {
      name: "plan",
      start: PLAN_START,
      part: (run, from) => makePlan(ports, rollout, run, { lookup, from }),
    });
    const { plan } = planned;
    if (plan === undefined || rollout.lock === undefined) return { kind: "ended", plan };
    return { kind: "ready", rollout: { ...rollout, lock: rollout.lock }, planned, plan };
  } catch (error) {
    return { kind: "ended", problem: messageOf(error) };
  }
}

/** Flips part by part; a part that fails for good stops the rollout, and who was not attempted is recorded as skipped. */
async function flip(ports: Ports, { rollout, planned, plan }: Ready, context: DurableContext): Promise<Ended> {
  const { counts, stopped } = await inParts<FlipProgress>(ports, context, {
    name: "flip-1-part",
    start: { ...FLIP_START, pace: planned.pace },
    part: (run, from) => flipPart(ports, rollout, run, { plan, from }),
    afterFailure,
  });
  return { plan, counts, problem: stopped };
}

interface InParts<State> {
  readonly name: string;
  readonly start: State;
  part(run: StepRun, from: State): Promise<State>;
  /** How to go on after a part that failed for good; without it, the failure is thrown. */
  afterFailure?(from: State, problem: string): State;
}

/**
 * Repeats a budgeted step until it is done, each run from where the one before came to. Between two runs the
 * invocation is given back, so that each has its full time.
 */
async function inParts<State extends Progress>(
  { nowMs }: Ports,
  context: DurableContext,
  { name, start, part, afterFailure }: InParts<State>,
): Promise<State> {
  let state = start;
  for (let index = 1; ; index += 1) {
    const step = `${name}-${index}`;
    const from = state;
    const run = ({ attempt }: { readonly attempt: number }) => {
      const invocationEndsAtMs = nowMs() + context.lambdaContext.getRemainingTimeInMillis();
      return part({ step, attempt, invocationEndsAtMs }, from);
    };
    try {
      state = await context.step(step, run, TRY_AGAIN);
    } catch (error) {
      if (afterFailure === undefined) throw error;
      state = afterFailure(from, messageOf(error));
    }
    if (state.done) return state;
    await context.wait(`rest-${step}`, { seconds: 1 });
  }
}

/** For the machine's and the ledger's moods; what no repetition mends is not repeated. */
const TRY_AGAIN: Pick<Required<StepConfig<unknown>>, "retryStrategy"> = {
  retryStrategy: (error, attempt) =>
    error instanceof FinalError || attempt >= 5
      ? { shouldRetry: false }
      : { shouldRetry: true, delay: { seconds: 2 ** attempt } },
};

/** A class thrown in a step arrives here as the cause of another error, with name and message only. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
