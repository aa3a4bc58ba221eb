import type { Policy } from "../contract/policy.ts";
import type { ControlChange, Lock, LockAndControls } from "../core/controls.ts";
import type { Flip, FlipResult, Reading } from "../core/flip/flip-result.ts";
import type { Outcome } from "../core/flip/outcome.ts";
import type { Pace, PaceLimits } from "../core/flip/pace.ts";
import type { Stop } from "../core/gate/decision.ts";
import type { AlarmReading, GateInputs, GateRecord } from "../core/gate/evaluate-gate.ts";
import type { CustomerPage, FoundPages, PageRequest, TagIds } from "../core/lookup/customer-query.ts";
import type { CustomerFacts } from "../core/lookup/selection.ts";
import type { Batch, Plan } from "../core/plan/plan.ts";
import type { PlannedCustomer } from "../core/plan/planned-customer.ts";
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
  /** The dashboard's page in the AWS console, for the alert that asks for an approval. */
  readonly dashboardUrl?: string | undefined;
  /**
   * The state of each alarm; never throws for what CloudWatch can do. An alarm that rang since `sinceMs` is in ALARM, also
   * when it is OK again.
   */
  readAlarms(names: readonly string[], sinceMs?: number): Promise<readonly AlarmReading[]>;
  nowMs(): number;
  /** The timer does not keep the process alive. */
  sleep(ms: number): Promise<void>;
}

export interface Log {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Publishes events and alerts. A failure is logged and does not fail the rollout. */
export interface Notifier {
  publish(change: RolloutEvent): Promise<void>;
  alert(message: AlertMessage): Promise<void>;
}

export interface Executions {
  /** Whether this durable execution still runs, according to Lambda. */
  findEnd(execution: string): Promise<{ readonly running: boolean }>;
}

export interface EvoVoice {
  /** All requests of a part go through one connection: one session, one limiter, one deadline. */
  connect(options: ConnectOptions): Connection;
}

export interface ConnectOptions {
  readonly limits: PaceLimits;
  readonly concurrency: number;
  /** The pace that the part before found. */
  readonly pace?: Pace | undefined;
  /** Epoch milliseconds after which no further request begins. */
  readonly deadlineMs: number;
  /** Gets sign-ins, notable changes of the pace, and requests that failed after all attempts. */
  readonly log?: Log;
}

/** Every call may throw an OutOfTimeError at the connection's deadline, or a FinalError that ends the rollout. */
export interface Connection {
  readTagIds(accountIds: readonly string[]): Promise<TagIds>;
  readPage(request: PageRequest): Promise<CustomerPage>;
  /** At most 100 customers by id; a customer that the list does not show whole is left out. */
  listCustomers(ids: readonly string[]): Promise<readonly CustomerFacts[]>;
  readCustomer(id: string): Promise<Reading>;
  /**
   * Awaits `beforeSend` right before each request that may write. An error that it throws ends the flip. Throws only when
   * no request can have written: otherwise the flip is `unresolved`, and the next flip will meet the same error.
   * `mayBeDone`: an earlier request of this flip may have written.
   */
  flip(flip: Flip, beforeSend: (mayBeDone: boolean) => Promise<void>): Promise<FlipResult>;
  pace(): Pace;
  /** Ends the connection: a request that still waits for its turn gets an OutOfTimeError. */
  close(): void;
}

export interface Ledger {
  findRollout(rolloutId: string): Promise<RolloutRecord | undefined>;
  /** Writes the record unless there is one. Returns the record that stands. */
  createRollout(record: RolloutRecord): Promise<RolloutRecord>;
  /** A rollout that waited has the lock now. Its source is read again, because it may have changed. */
  stopWaiting(rolloutId: string, source: SourceRollouts | undefined): Promise<void>;
  /** Keeps what a rollback needs when the execution is lost: the plan, once it is written completely. */
  notePlan(rolloutId: string, plan: Plan): Promise<void>;
  /** Finds a dry run by the hash of its plan, for an event that carries the hash. */
  noteDryRun(hash: string, rolloutId: string): Promise<void>;
  findDryRun(hash: string): Promise<string | undefined>;
  recordEvent(rolloutId: string, change: RolloutEvent): Promise<void>;
  /** From now on this is the newest rollout of the release. */
  noteRelease(release: string, rolloutId: string): Promise<void>;
  /** From now on this is the newest rollout of the environment that flips. */
  noteFlips(rollout: FlipsNote): Promise<void>;
  /** The last rollouts that flipped, the newest first. */
  findFlips(): Promise<readonly FlipsNote[]>;
  /** The rollouts of a release, the newest first. Their batches say whether they flipped a customer. */
  findRollouts(release: string): Promise<readonly string[]>;
  /** Lets a status say that another rollout rolls this rollout back, without reading the batches. */
  noteRolledBackBy(rolloutId: string, by: string): Promise<void>;
  endRollout(rolloutId: string, report: Report): Promise<void>;
  /** Marks a rollout whose execution ended before it closed; nothing when it is closed, or another execution's. */
  abandonRollout(rollout: Pick<RolloutRecord, "rolloutId" | "execution">): Promise<void>;

  readControls(): Promise<LockAndControls>;
  /** The controls, all commands that were sent to a rollout, and its latched stop. */
  readGateInputs(rolloutId: string): Promise<GateInputs>;
  /** Keeps a stop that may be over at the next poll. The first stop counts. */
  latchStop(rolloutId: string, stop: Stop): Promise<void>;
  saveGateState(rolloutId: string, gate: GateRecord): Promise<void>;
  /** Refused when there are more holds than the controls' item takes. */
  changeControls(
    change: ControlChange,
    id: string,
  ): Promise<{ readonly kind: "changed" } | { readonly kind: "refused"; readonly problem: string }>;
  /** Takes the lock unless another rollout has since the controls were read; then false. */
  takeLock(lock: Lock, read: LockAndControls): Promise<boolean>;
  /** Releases the lock if this rollout still holds it. */
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
  putCustomerIndex(rolloutId: string, index: number, entries: Float64Array): Promise<void>;
  getBatch(rolloutId: string, index: number): Promise<Batch>;
  recordBatch(batch: Batch): Promise<Batch>;
  /** All batches of a rollout, by ledger items. */
  readBatches(rolloutId: string): AsyncIterable<Omit<Batch, "rolloutId" | "index" | "revision">>;
  /** All outcomes recorded so far, those that the plan settled first, by ledger items. */
  readOutcomes(rolloutId: string): AsyncIterable<readonly Outcome[]>;
  /** The outcomes of the customers that were to be restored, by ledger items. */
  readRestoreOutcomes(rolloutId: string): AsyncIterable<readonly Outcome[]>;
}
