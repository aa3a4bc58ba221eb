import { randomUUID } from "node:crypto";
import {
  type DurableExecutionClient,
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
  type DurableExecutionInvocationInput,
  type ErrorObject,
  type OperationUpdate,
} from "@aws/durable-execution-sdk-js";
import { applyUpdate, elapse, findDueTime, type RecordedOperation } from "./apply-update.ts";
import { type Journal, openJournal } from "./journal.ts";
import { meter, refuseOverLimit } from "./meter.ts";

export type ExecutionEnd =
  | { readonly status: "SUCCEEDED"; readonly result?: string | undefined }
  | { readonly status: "FAILED"; readonly error: ErrorObject };

/** Called before and after the n-th write to the file (without the start of the execution). A test can kill the process here. */
export type CheckpointHook = (n: number, phase: "before" | "after") => void;

export type FileCheckpoints = {
  /** The durable client of an invocation. */
  readonly client: DurableExecutionClient;
  /** How the execution ended; undefined while it runs. */
  findEnd(): ExecutionEnd | undefined;
  recordEnd(end: ExecutionEnd): void;
  /** Starts an invocation with all recorded operations. An earlier invocation can no longer write. */
  beginInvocation(): DurableExecutionInvocationInput;
  /** When the next timer ends, in epoch milliseconds. */
  findNextDueTime(): number | undefined;
  /** Ends every timer that is due at this time. */
  elapseUntil(time: number): void;
  /** The number of writes to the file, by all processes. */
  countWrites(): number;
  /** The operations as AWS meters them. */
  measure(): { readonly operations: number; readonly largestPayloadBytes: number };
  close(): void;
};

type Entry = {
  readonly executionArn?: string;
  readonly operations: readonly RecordedOperation[];
  readonly end?: ExecutionEnd;
};

type State = {
  readonly journal: Journal<Entry>;
  readonly operationsById: Map<string, RecordedOperation>;
  readonly onCheckpoint: CheckpointHook;
  writes: number;
  end: ExecutionEnd | undefined;
  token: string;
};

/** Lambda passes the first operations with the invocation, and the others in pages. */
const FIRST_PAGE = 100;

/**
 * Keeps a durable execution's checkpoints in a file instead of in AWS. So its process can really be killed, and another
 * process can resume the execution. One process at a time.
 */
export function openFileCheckpoints(given: {
  readonly file: string;
  readonly executionArn: string;
  /** The event as JSON. */
  readonly payload: string;
  readonly onCheckpoint?: CheckpointHook | undefined;
}): FileCheckpoints {
  const journal = openJournal<Entry>(given.file);
  const entries = journal.entries.length > 0 ? journal.entries : [begin(journal, given)];
  refuseOther(entries, given);
  const state: State = {
    journal,
    operationsById: new Map(entries.flatMap(({ operations }) => operations.map((each) => [each.Id, each]))),
    onCheckpoint: given.onCheckpoint ?? (() => undefined),
    writes: entries.length - 1,
    end: entries.at(-1)?.end,
    token: "",
  };

  return {
    client: {
      checkpoint: async ({ CheckpointToken, Updates = [] }) => {
        refuseStale(state, CheckpointToken);
        return { CheckpointToken: state.token, NewExecutionState: { Operations: checkpoint(state, Updates) } };
      },
      getExecutionState: async ({ CheckpointToken, Marker, MaxItems = 1000 }) => {
        refuseStale(state, CheckpointToken);
        return page(state, Number(Marker ?? 0), MaxItems);
      },
    },
    findEnd: () => state.end,
    recordEnd: (end) => record(state, { operations: [], end }),
    beginInvocation: () => {
      state.token = randomUUID();
      const { Operations, NextMarker } = page(state, 0, FIRST_PAGE);
      return {
        DurableExecutionArn: given.executionArn,
        CheckpointToken: state.token,
        InitialExecutionState: { Operations, NextMarker },
      };
    },
    findNextDueTime: () => findNextDueTime(state),
    elapseUntil: (time) => elapseUntil(state, time),
    countWrites: () => state.writes,
    measure: () => measure(state),
    close: journal.close,
  };
}

function begin(journal: Journal<Entry>, given: { readonly executionArn: string; readonly payload: string }): Entry {
  const execution: RecordedOperation = {
    Id: `execution-${given.executionArn}`,
    Type: "EXECUTION",
    Status: "STARTED",
    StartTimestamp: new Date().toISOString(),
    ExecutionDetails: { InputPayload: given.payload },
  };
  const entry = { executionArn: given.executionArn, operations: [execution] };
  journal.append(entry);
  return entry;
}

/** The execution in a file, and its event as JSON; undefined for a file without an execution. */
export function findStart(file: string): { readonly arn: string; readonly payload: string } | undefined {
  const { entries, close } = openJournal<Entry>(file);
  close();
  const [{ executionArn: arn, operations = [] } = {}] = entries as readonly Partial<Entry>[];
  const payload = operations[0]?.ExecutionDetails?.InputPayload;
  return arn === undefined || payload === undefined ? undefined : { arn, payload };
}

function refuseOther(
  [start]: readonly Entry[],
  given: { readonly file: string; readonly executionArn: string; readonly payload: string },
): void {
  const payload = start?.operations[0]?.ExecutionDetails?.InputPayload;
  if (start?.executionArn === given.executionArn && payload === given.payload) return;
  throw new Error(
    `${given.file} holds another execution: ${start?.executionArn} with another event, not ${given.executionArn}; use another file`,
  );
}

function refuseStale(state: State, token: string | undefined): void {
  if (token === state.token && !state.end) return;
  throw new DurableExecutionClientError("Invalid Checkpoint Token: another invocation has begun since", {
    scope: DurableExecutionClientErrorScope.INVOCATION,
  });
}

/** Records the updates and returns every operation that changed, also by its timer. */
function checkpoint(state: State, updates: readonly OperationUpdate[]): RecordedOperation[] {
  const at = new Date(Date.now());
  const changedById = new Map<string, RecordedOperation>();
  let end: ExecutionEnd | undefined;
  for (const update of updates) {
    if (update.Type === "EXECUTION") {
      end = toEnd(update);
      continue;
    }
    const id = update.Id ?? "";
    changedById.set(id, applyUpdate(changedById.get(id) ?? state.operationsById.get(id), update, at));
  }
  for (const operation of dueBy(state, at.getTime())) {
    if (!changedById.has(operation.Id)) changedById.set(operation.Id, elapse(operation, at));
  }
  const operations = [...changedById.values()];
  refuseOverLimit(operations, new Map([...state.operationsById, ...changedById]));
  if (operations.length > 0 || end) record(state, end ? { operations, end } : { operations });
  return operations;
}

/** The SDK checkpoints a result that is too large for Lambda's answer as the end of the execution. */
function toEnd(update: OperationUpdate): ExecutionEnd {
  return update.Action === "SUCCEED"
    ? { status: "SUCCEEDED", result: update.Payload }
    : { status: "FAILED", error: update.Error ?? {} };
}

function record(state: State, entry: Entry): void {
  state.writes += 1;
  state.onCheckpoint(state.writes, "before");
  state.journal.append(entry);
  for (const operation of entry.operations) state.operationsById.set(operation.Id, operation);
  state.end = entry.end ?? state.end;
  state.onCheckpoint(state.writes, "after");
}

function page(state: State, from: number, size: number): { Operations: RecordedOperation[]; NextMarker?: string } {
  const operations = operationsToReplay(state);
  const next = from + size;
  const Operations = operations.slice(from, next);
  return next < operations.length ? { Operations, NextMarker: String(next) } : { Operations };
}

/** Lambda leaves out the operations in a finished context, unless the context asks for their replay. */
function operationsToReplay(state: State): RecordedOperation[] {
  const left = new Set<string>();
  return [...state.operationsById.values()].filter((operation) => {
    const parent = operation.ParentId === undefined ? undefined : state.operationsById.get(operation.ParentId);
    if (!parent) return true;
    const finished = parent.Status === "SUCCEEDED" || parent.Status === "FAILED";
    if (!left.has(parent.Id) && !(finished && !parent.ContextDetails?.ReplayChildren)) return true;
    left.add(operation.Id);
    return false;
  });
}

function findNextDueTime(state: State): number | undefined {
  const times = [...state.operationsById.values()].map(findDueTime).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function elapseUntil(state: State, time: number): void {
  const at = new Date(Date.now());
  const operations = dueBy(state, time).map((operation) => elapse(operation, at));
  if (operations.length > 0) record(state, { operations });
}

function dueBy(state: State, time: number): RecordedOperation[] {
  return [...state.operationsById.values()].filter((operation) => (findDueTime(operation) ?? Infinity) <= time);
}

function measure({ operationsById }: State): { operations: number; largestPayloadBytes: number } {
  const metered = [...operationsById.values()].map(meter);
  return {
    operations: metered.reduce((sum, { operations }) => sum + operations, 0),
    largestPayloadBytes: Math.max(...metered.map(({ bytes }) => bytes)),
  };
}
