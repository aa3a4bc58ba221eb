import { expect } from "@jest/globals";
import type { Stage } from "../support/moments.ts";
import { type Act, type Ended, protectCustomer, type State, say, stopEverything } from "./command-rows.ts";

export const STEERING = ["pause", "resume", "skip-bake", "skip-all-bakes", "stop-everything", "protect"] as const;
export type SteeringCommand = (typeof STEERING)[number];

/**
 * At which look the stage ends that the command comes in: when nothing is changed by it, after a pause of 300 s from
 * the command, and at once. A look comes each minute; a part makes one before each batch.
 */
const ENDS: Readonly<Record<State, { readonly in: Stage; readonly else: number; readonly pause: number }>> = {
  "looks up": { in: "preparing", else: 4, pause: 9 },
  "is held by an alarm without data before its first flip": { in: "preparing", else: 7, pause: 11 },
  flips: { in: "flipping", else: 2, pause: 9 },
  bakes: { in: "baking 1", else: 6, pause: 8 },
  "is paused in a bake": { in: "baking 1", else: 62, pause: 9 },
  "is paused between two batches": { in: "flipping", else: 64, pause: 12 },
  "waits for the lock": { in: "preparing", else: 7, pause: 12 },
  "flips back": { in: "rolling back", else: 3, pause: 10 },
};
const AT_ONCE: Readonly<Partial<Record<`${SteeringCommand} ${State}`, number>>> = {
  "resume is paused in a bake": 6,
  "resume is paused between two batches": 7,
  "skip-bake bakes": 3,
  "skip-all-bakes bakes": 3,
  "skip-all-bakes looks up": 4,
};
/** A bake that `skip-all-bakes` took away before it began. */
const NEVER_BAKES: readonly State[] = [
  "looks up",
  "is held by an alarm without data before its first flip",
  "waits for the lock",
];

export function toAct(command: SteeringCommand, state: State): Act {
  switch (command) {
    case "pause":
      return say({ command, pauseSeconds: 300 });
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
      return say({ command });
    case "stop-everything":
      return stopEverything;
    case "protect":
      return protectCustomer(state);
  }
}

/** None of these ends a rollout, and none lets anybody be flipped who is not to be. */
export function expectSteered(command: SteeringCommand, state: State, ended: Ended): void {
  const { report, countLooks } = ended;
  if (command === "stop-everything" && state === "waits for the lock") {
    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "stopped", by: "ann" }],
    });
    return;
  }
  const isBack = state === "flips back";
  const isProtected = command === "protect" ? 1 : 0;
  if (isBack) {
    expect(report).toMatchObject({ status: "rolled-back", counts: { flipped: 270, skipped: 20 } });
    expect(report.rollback).toEqual({ restored: 270 - isProtected, conflicting: isProtected, left: 0 });
  } else {
    expect(report).toMatchObject({
      status: "succeeded",
      counts: { flipped: 290 - isProtected, skipped: isProtected, failed: 0 },
    });
  }
  const ends = ENDS[state];
  if (command === "stop-everything") return;
  const usual = command === "pause" ? ends.pause : ends.else;
  expect({ looks: countLooks(ends.in) }).toEqual({ looks: AT_ONCE[`${command} ${state}`] ?? usual });
  if (command === "skip-all-bakes" && NEVER_BAKES.includes(state)) expect(countLooks("baking 1")).toBe(1);
}
