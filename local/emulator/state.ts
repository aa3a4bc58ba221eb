import { createUsers, toPassword, type User } from "./accounts.ts";
import { type CustomerParts, createCustomerParts } from "./customer-parts.ts";
import type { CustomerTable } from "./customer-table.ts";
import { type Faults, parseFaults } from "./faults.ts";
import { type Attempts, createAttempts } from "./pick-fault.ts";
import { createSchedules, type Schedule } from "./schedules.ts";
import { seedCustomers } from "./seed-customers.ts";
import { createSelectionCache, type SelectionCache } from "./select-customers.ts";
import { createSessions, type Sessions } from "./sessions.ts";

/** Everything that an emulator holds. */
export interface EmulatorState {
  readonly seed: number;
  readonly table: CustomerTable;
  readonly users: readonly [User, User, User];
  readonly sessions: Sessions;
  readonly schedules: readonly Schedule[];
  readonly parts: CustomerParts;
  readonly selections: SelectionCache;
  readonly stagingChanges: StagingChanges;
  readonly startedAt: number;
  faults: Faults;
  attempts: Attempts;
}

/** What was written to staging flags, in columns: the source of the log. */
interface StagingChanges {
  readonly rows: number[];
  readonly isStaging: boolean[];
  readonly was: boolean[];
  readonly users: number[];
  readonly at: number[];
}

export interface StateOptions {
  readonly customers: number;
  readonly seed: number;
  readonly stagingShare: number;
  readonly faults: string;
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
    stagingChanges: { rows: [], isStaging: [], was: [], users: [], at: [] },
    startedAt: Date.now(),
    faults,
    attempts: createAttempts(),
  };
}

/** New faults begin with a clean count of attempts. */
export function changeFaults(state: EmulatorState, spec: string): void {
  state.faults = parseFaults(spec);
  state.attempts = createAttempts();
}

/** Sets one customer's flag and writes it to the log. */
export function writeStaging(state: EmulatorState, row: number, isStaging: boolean, user: number): void {
  const { columns } = state.table;
  const { stagingChanges } = state;
  stagingChanges.rows.push(row);
  stagingChanges.was.push(columns.staging[row] === 1);
  stagingChanges.isStaging.push(isStaging);
  stagingChanges.users.push(user);
  stagingChanges.at.push(Date.now() / 1000);
  columns.staging[row] = isStaging ? 1 : 0;
  columns.modifiedAt[row] = Date.now() / 1000;
  columns.modifiedBy[row] = user;
}
