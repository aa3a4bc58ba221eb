import { createUsers, toPassword, type User } from "./accounts.ts";
import { type CustomerParts, createCustomerParts } from "./customer-parts.ts";
import type { CustomerTable, Row } from "./customer-table.ts";
import { type Faults, parseFaults } from "./faults.ts";
import { keepChanges } from "./keep-changes.ts";
import type { AttemptCounts } from "./pick-fault.ts";
import { seedCustomers } from "./seed-customers.ts";
import { createSelectionCache, type SelectionCache } from "./select-customers.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export interface EmulatorState {
  readonly seed: number;
  readonly table: CustomerTable;
  readonly users: readonly [User, User, User];
  readonly sessions: Sessions;
  readonly parts: CustomerParts;
  readonly selections: SelectionCache;
  /** Called after each change of a customer. */
  readonly keep: (row: Row) => void;
  faults: Faults;
  attempts: AttemptCounts;
  /** When the first sign-in met `sign-in-down`. */
  signInDownAtMs?: number | undefined;
  /** How far the clock of lags is ahead of the machine's. */
  aheadMs: number;
  /** Writes of flags that are not done yet. */
  lateWrites: LateWrite[];
}

export interface LateWrite {
  readonly dueAtMs: number;
  write(): void;
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
    parts: createCustomerParts(table.accounts),
    selections: createSelectionCache(),
    keep: options.file === undefined ? () => {} : keepChanges(table, options.file),
    faults,
    attempts: new Map(),
    aheadMs: 0,
    lateWrites: [],
  };
}

/** By the clock of lags, which a skipped wait moves on. */
export function nowMs({ aheadMs }: Pick<EmulatorState, "aheadMs">): number {
  return Date.now() + aheadMs;
}

/** Does the late writes whose time has come, in order. */
export function doLateWrites(state: EmulatorState): void {
  const now = nowMs(state);
  const isDue = ({ dueAtMs }: LateWrite) => dueAtMs <= now;
  const due = state.lateWrites.filter(isDue);
  if (due.length === 0) return;
  state.lateWrites = state.lateWrites.filter((one) => !isDue(one));
  for (const { write } of due.toSorted((a, b) => a.dueAtMs - b.dueAtMs)) write();
}

/** New faults start with new counts of attempts. */
export function changeFaults(state: EmulatorState, spec: string): void {
  state.faults = parseFaults(spec);
  state.attempts = new Map();
  state.signInDownAtMs = undefined;
}

/** Sets one customer's flag. */
export function writeStaging(
  state: EmulatorState,
  row: Row,
  isStaging: boolean,
  { user, atMs }: { readonly user: number; readonly atMs: number },
): void {
  const at = atMs / 1000;
  if (state.faults.numbers["read-lag"] > 0)
    row.laggedWrites = [...(row.laggedWrites ?? []), { atMs, was: row.isStaging }];
  Object.assign(row, { isStaging, modifiedAt: at, modifiedBy: user });
  state.keep(row);
}
