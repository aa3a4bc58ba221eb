import fc from "fast-check";
import type { LockAndControls } from "../../../../lambda/core/controls.ts";
import type { CommandRecord } from "../../../../lambda/core/gate/apply-commands.ts";
import type { AlarmReading, GateSnapshot } from "../../../../lambda/core/gate/evaluate-gate.ts";

export function aCommand(changes: Partial<CommandRecord> = {}): CommandRecord {
  return {
    id: "command-1",
    command: "pause",
    requestedBy: "ann",
    reason: "lunch",
    at: "2026-11-23T12:00:00Z",
    ...changes,
  };
}

export const someControls = (changes: Partial<LockAndControls> = {}): LockAndControls => ({
  fence: 1,
  holds: {},
  protectedIds: [],
  ...changes,
});

export const STOPPED = someControls({
  stopped: { requestedBy: "bob", reason: "the carrier is down", at: "2026-11-23T12:00:00Z" },
});

/** A snapshot in which nothing holds or stops a rollout. */
export function aSnapshot(changes: Partial<GateSnapshot> = {}): GateSnapshot {
  return { controls: someControls(), commands: [], alarms: [{ name: "calls", state: "OK" }], failed: 0, ...changes };
}

export const anyCommand: fc.Arbitrary<CommandRecord> = fc.record({
  id: fc.constant("command-1"),
  command: fc.constantFrom("pause", "resume", "skip-bake", "skip-all-bakes", "abort", "approve", "reject"),
  requestedBy: fc.constantFrom("ann", "bob"),
  reason: fc.constant("because"),
  at: fc.constant("2026-11-23T12:00:00Z"),
  pauseSeconds: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  rollback: fc.option(fc.boolean(), { nil: undefined }),
});

export const anyAlarms: fc.Arbitrary<readonly AlarmReading[]> = fc.array(
  fc.record({
    name: fc.constantFrom("calls", "errors"),
    state: fc.constantFrom("OK", "OK", "OK", "OK", "ALARM", "INSUFFICIENT_DATA", "missing", "unreadable"),
  }),
  { maxLength: 2 },
);
