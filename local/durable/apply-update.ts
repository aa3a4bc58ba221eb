import {
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
  type OperationStatus,
  type OperationUpdate,
  type WireOperation,
} from "@aws/durable-execution-sdk-js";

export type RecordedOperation = WireOperation & { readonly Id: string };

/** The operation after an update, as Lambda records it. It refuses what Lambda refuses. */
export function applyUpdate(
  before: RecordedOperation | undefined,
  update: OperationUpdate,
  at: Date,
): RecordedOperation {
  switch (update.Type) {
    case "STEP":
      return updateStep(before ?? toOperation(update, at), update, at);
    case "WAIT":
      return updateWait(before, update, at);
    case "CONTEXT":
      return updateContext(before ?? toOperation(update, at), update, at);
    default:
      throw refusal(update, "the file-backed transport knows steps, waits and contexts only");
  }
}

/** When an operation's timer ends, in epoch milliseconds; undefined without a running timer. */
export function findDueTime(operation: WireOperation): number | undefined {
  const due =
    (operation.Status === "PENDING" && operation.StepDetails?.NextAttemptTimestamp) ||
    (operation.Type === "WAIT" && operation.Status === "STARTED" && operation.WaitDetails?.ScheduledEndTimestamp);
  return due ? new Date(due).getTime() : undefined;
}

/** The operation after its timer has ended: a wait is done, a step may run again. */
export function elapse(operation: RecordedOperation, at: Date): RecordedOperation {
  return operation.Type === "WAIT" ? close(operation, "SUCCEEDED", at) : { ...operation, Status: "READY" };
}

function toOperation(update: OperationUpdate, at: Date): RecordedOperation {
  const { Id, ParentId, Name, Type, SubType } = update;
  if (!Id) throw refusal(update, "an update needs the id of its operation");
  return { Id, ParentId, Name, Type, SubType, StartTimestamp: at.toISOString(), Status: "STARTED" };
}

function updateStep(step: RecordedOperation, update: OperationUpdate, at: Date): RecordedOperation {
  if (step.Status !== "STARTED" && step.Status !== "READY") throw refusal(update, `the step is ${step.Status}`);
  const attempt = (step.StepDetails?.Attempt ?? 0) + 1;
  const outcome = { Attempt: attempt, Result: update.Payload, Error: update.Error };
  switch (update.Action) {
    case "START":
      return { ...step, Status: "STARTED" };
    case "RETRY": {
      const dueAt = secondsAfter(at, update.StepOptions?.NextAttemptDelaySeconds);
      return { ...step, Status: "PENDING", StepDetails: { ...outcome, NextAttemptTimestamp: dueAt } };
    }
    case "SUCCEED":
      return close({ ...step, StepDetails: outcome }, "SUCCEEDED", at);
    case "FAIL":
      return close({ ...step, StepDetails: outcome }, "FAILED", at);
    default:
      throw refusal(update, "a step cannot do that");
  }
}

function updateWait(before: RecordedOperation | undefined, update: OperationUpdate, at: Date): RecordedOperation {
  if (update.Action === "START" && !before) {
    const endsAt = secondsAfter(at, update.WaitOptions?.WaitSeconds);
    return { ...toOperation(update, at), WaitDetails: { ScheduledEndTimestamp: endsAt } };
  }
  if (update.Action === "CANCEL" && before?.Status === "STARTED") return close(before, "CANCELLED", at);
  throw refusal(update, `the wait is ${before?.Status ?? "not started"}`);
}

function updateContext(context: RecordedOperation, update: OperationUpdate, at: Date): RecordedOperation {
  if (context.Status !== "STARTED") throw refusal(update, `the context is ${context.Status}`);
  const replayed = { ReplayChildren: update.ContextOptions?.ReplayChildren ?? context.ContextDetails?.ReplayChildren };
  if (update.Action === "START") return { ...context, ContextDetails: replayed };
  const ContextDetails = { ...replayed, Result: update.Payload, Error: update.Error };
  return close({ ...context, ContextDetails }, update.Action === "SUCCEED" ? "SUCCEEDED" : "FAILED", at);
}

function close(operation: RecordedOperation, status: OperationStatus, at: Date): RecordedOperation {
  return { ...operation, Status: status, EndTimestamp: at.toISOString() };
}

function secondsAfter(at: Date, seconds = 0): string {
  return new Date(at.getTime() + seconds * 1000).toISOString();
}

/** Ends the execution, not only the invocation: another attempt would have the same result. */
function refusal({ Type, Action, Name }: OperationUpdate, reason: string): DurableExecutionClientError {
  const scope = DurableExecutionClientErrorScope.EXECUTION;
  return new DurableExecutionClientError(`cannot ${Action} ${Type} "${Name ?? ""}": ${reason}`, { scope });
}
