import type { Policy } from "../contract/policy.ts";
import type { ControlChange, Lock, LockAndControls } from "../core/controls.ts";
import type { Batch } from "../core/flip/batch.ts";
import type { Outcome } from "../core/flip/outcome.ts";
import type { Pace, PaceLimits } from "../core/flip/pace.ts";
import type { Flip, FlipResult, Reading } from "../core/flip/settle-before-flip.ts";
import type { Stop } from "../core/gate/decision.ts";
import type { AlarmReading, GateInputs, GateRecord } from "../core/gate/evaluate-gate.ts";
import type { FoundPages, Page, PageRequest, TagIds } from "../core/lookup/customer-query.ts";
import type { CustomerFacts } from "../core/lookup/selection.ts";
import type { Plan, PlannedCustomer } from "../core/plan/plan.ts";
import type { AlertMessage } from "../core/report/alert-message.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutEvent } from "../core/report/rollout-event.ts";
import type { FlipsNote, SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";

/** What the steps of a rollout need of the world; the edges satisfy it, the entry joins them. */
export interface Ports {
  readonly policy: Policy;
  readonly ledger: Ledger;
  readonly evoVoice: EvoVoice;
  readonly executions: Executions;
  readonly notifier: Notifier;
  readonly log: Log;
  /** The state of each alarm; never throws for what CloudWatch can do. */
  readAlarms(names: readonly string[]): Promise<readonly AlarmReading[]>;
  nowMs(): number;
  /** It keeps no rollout from ending. */
  sleep(ms: number): Promise<void>;
}

export interface Log {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Words to the outside; that they cannot be said is logged, and fails nothing. */
export interface Notifier {
  publish(change: RolloutEvent): Promise<void>;
  alert(message: AlertMessage): Promise<void>;
}

export interface Executions {
  /** Whether this durable execution still runs, by Lambda's own word. */
  findEnd(execution: string): Promise<{ readonly running: boolean }>;
}

export interface EvoVoice {
  /** Everything that one part asks goes through one connection: one session, one limiter, one end. */
  connect(options: ConnectOptions): Connection;
}

export interface ConnectOptions {
  readonly limits: PaceLimits;
  readonly concurrency: number;
  /** The pace that the part before found. */
  readonly pace?: Pace | undefined;
  /** Epoch milliseconds after which no further request begins. */
  readonly deadlineMs: number;
  /** Hears of sign-ins, of a pace that changes notably, and of requests that failed in the end. */
  readonly log?: Log;
}

/** Every call may throw an OutOfTimeError at the connection's deadline, or a FinalError that ends the rollout. */
export interface Connection {
  readTagIds(accountIds: readonly string[]): Promise<TagIds>;
  readPage(request: PageRequest): Promise<Page>;
  /** At most 100 customers by id; a customer that the list does not show whole is left out. */
  listCustomers(ids: readonly string[]): Promise<readonly CustomerFacts[]>;
  readCustomer(id: string): Promise<Reading>;
  /**
   * Awaits `mayBegin` right before each request that may write, with whether one before it may have done it already;
   * what it throws ends the flip. Throws only when nothing can have been done: otherwise the flip is `unresolved`, and
   * the next one will meet the same.
   */
  flip(flip: Flip, mayBegin: (isBegun: boolean) => Promise<void>): Promise<FlipResult>;
  pace(): Pace;
  /** Ends the connection: a request that still waits for its turn gets an OutOfTimeError. */
  close(): void;
}

export interface Ledger {
  findRollout(rolloutId: string): Promise<RolloutRecord | undefined>;
  /** Writes the record unless there is one; gives the one that stands. */
  createRollout(record: RolloutRecord): Promise<RolloutRecord>;
  /** A rollout that waited for the lock has it. What it undoes or goes on with is known only now: it may have changed. */
  stopWaiting(rolloutId: string, source: SourceRollouts | undefined): Promise<void>;
  /** Keeps what a rollback needs when the execution is lost: the plan, once it is written completely. */
  notePlan(rolloutId: string, plan: Plan): Promise<void>;
  /** An event may carry the hash of a dry run's plan: this is how it is found again. */
  noteDryRun(hash: string, rolloutId: string): Promise<void>;
  findDryRun(hash: string): Promise<string | undefined>;
  recordEvent(rolloutId: string, change: RolloutEvent): Promise<void>;
  /** From now on this is the newest rollout of the release. */
  noteRelease(release: string, rolloutId: string): Promise<void>;
  /** From now on this is the newest rollout of the environment that flips. */
  noteFlips(rollout: FlipsNote): Promise<void>;
  /** The last rollouts that flipped, the newest first. */
  findFlips(): Promise<readonly FlipsNote[]>;
  /** The rollouts of a release, the newest first; whether they flipped anybody, their batches say. */
  findRollouts(release: string): Promise<readonly string[]>;
  /** So that a status tells that another rollout rolls this one back, without a look at its batches. */
  noteRolledBackBy(rolloutId: string, by: string): Promise<void>;
  endRollout(rolloutId: string, report: Report): Promise<void>;
  /** Marks a rollout whose execution ended before it closed; nothing when it is closed, or another execution's. */
  abandonRollout(rollout: Pick<RolloutRecord, "rolloutId" | "execution">): Promise<void>;

  readControls(): Promise<LockAndControls>;
  /** The controls, all commands that were sent to a rollout, and what has stopped it. */
  readGateInputs(rolloutId: string): Promise<GateInputs>;
  /** Keeps what has stopped a rollout and may be over at the next poll; the first one counts. */
  latchStop(rolloutId: string, stop: Stop): Promise<void>;
  saveGateState(rolloutId: string, gate: GateRecord): Promise<void>;
  /** Refused when there are more holds than the controls' item takes. */
  changeControls(
    change: ControlChange,
    id: string,
  ): Promise<{ readonly kind: "changed" } | { readonly kind: "refused"; readonly problem: string }>;
  /** Takes the lock unless another rollout has since the controls were read; then false. */
  takeLock(lock: Lock, read: LockAndControls): Promise<boolean>;
  /** Gives the lock back, if it is still this one. */
  releaseLock(lock: Lock): Promise<void>;

  /** Counts the runs of a step since it last made a mark; a step that is run for the first time gets 1. */
  countStepAttempt(rolloutId: string, step: string, mark: string): Promise<number>;

  putFound(rolloutId: string, pages: FoundPages): Promise<void>;
  /** The id hashes of a pass over a query. */
  readIdHashes(rolloutId: string, query: number, pass: number): AsyncIterable<Uint8Array>;
  readFound(
    rolloutId: string,
    query: number,
    pass: number,
  ): AsyncIterable<Pick<FoundPages, "customers" | "references">>;

  putBatch(rolloutId: string, index: number, customers: readonly PlannedCustomer[]): Promise<void>;
  putSettled(rolloutId: string, index: number, outcomes: readonly Outcome[]): Promise<void>;
  getBatch(rolloutId: string, index: number): Promise<Batch>;
  recordBatch(batch: Batch): Promise<Batch>;
  /** All batches of a rollout, by ledger items. */
  readBatches(rolloutId: string): AsyncIterable<Omit<Batch, "rolloutId" | "index" | "revision">>;
  /** All outcomes recorded so far, those that the plan settled first, by ledger items. */
  readOutcomes(rolloutId: string): AsyncIterable<readonly Outcome[]>;
  /** What became of those who were turned back, by ledger items. */
  readRestoreOutcomes(rolloutId: string): AsyncIterable<readonly Outcome[]>;
}
