import { createUsers, toPassword, type User } from "./accounts.ts";
import { type CustomerParts, createCustomerParts } from "./customer-parts.ts";
import type { CustomerTable, Row } from "./customer-table.ts";
import { type Faults, parseFaults } from "./faults.ts";
import { keepChanges } from "./keep-changes.ts";
import type { AttemptCounts } from "./pick-fault.ts";
import { createSchedules, type Schedule } from "./schedules.ts";
import { seedCustomers } from "./seed-customers.ts";
import { createSelectionCache, type SelectionCache } from "./select-customers.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export interface EmulatorState {
  readonly seed: number;
  readonly table: CustomerTable;
  readonly users: readonly [User, User, User];
  readonly sessions: Sessions;
  readonly schedules: readonly Schedule[];
  readonly parts: CustomerParts;
  readonly selections: SelectionCache;
  readonly stagingChanges: StagingChange[];
  readonly startedAt: number;
  /** Called after each change of a customer. */
  readonly keep: (row: Row) => void;
  faults: Faults;
  attempts: AttemptCounts;
  /** When the first sign-in met `sign-in-down`. */
  signInDownAtMs?: number | undefined;
}

/** One write of a flag: the source of the log. */
export interface StagingChange {
  readonly row: Row;
  readonly isStaging: boolean;
  readonly was: boolean;
  /** Index of the user, or `outsider`. */
  readonly user: number;
  /** Epoch seconds. */
  readonly at: number;
}

export interface StateOptions {
  readonly customers: number;
  readonly seed: number;
  readonly stagingShare: number;
  readonly faults: string;
  /** The file of changes that a restart repeats. @default none */
  readonly file?: string | undefined;
}

export function createState(options: StateOptions): EmulatorState {
  const faults = parseFaults(options.faults);
  const table = seedCustomers(options);
  const users = createUsers(options.seed, table.accounts[0]);
  return {
    seed: options.seed,
    table,
    users,
    sessions: createSessions(users, toPassword(options.seed)),
    schedules: createSchedules(options.seed),
    parts: createCustomerParts(table.accounts),
    selections: createSelectionCache(),
    stagingChanges: [],
    startedAt: Date.now(),
    keep: options.file === undefined ? () => {} : keepChanges(table, options.file),
    faults,
    attempts: new Map(),
  };
}

/** New faults start with new counts of attempts. */
export function changeFaults(state: EmulatorState, spec: string): void {
  state.faults = parseFaults(spec);
  state.attempts = new Map();
  state.signInDownAtMs = undefined;
}

/** Sets one customer's flag and writes it to the log. */
export function writeStaging(state: EmulatorState, row: Row, isStaging: boolean, user: number): void {
  const at = Date.now() / 1000;
  state.stagingChanges.push({ row, isStaging, was: row.isStaging, user, at });
  if (state.faults.numbers["read-lag"] > 0)
    row.laggedWrites = [...(row.laggedWrites ?? []), { atMs: at * 1000, was: row.isStaging }];
  Object.assign(row, { isStaging, modifiedAt: at, modifiedBy: user });
  state.keep(row);
}
