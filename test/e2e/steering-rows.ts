import { expect } from "../support/jest.ts";
import type { Stage } from "../support/moments.ts";
import { type Act, type Ended, type State, say, stopEverything } from "./command-rows.ts";

export type SteeringCommand = "pause" | "resume" | "skip-bake" | "skip-all-bakes" | "stop-everything";

/** At which poll the stage ends that the command comes in. A poll comes each minute, and a part makes one before each batch. */
const ENDS: Readonly<Partial<Record<`${SteeringCommand} ${State}`, { readonly in: Stage; readonly poll: number }>>> = {
  "pause bakes": { in: "baking 1", poll: 8 },
  "pause flips back": { in: "rolling back", poll: 13 },
  // The last one is the verification's reading.
  "resume is paused between two batches": { in: "flipping", poll: 9 },
  "skip-bake bakes": { in: "baking 1", poll: 3 },
  // The bake that it takes away never begins.
  "skip-all-bakes looks up": { in: "baking 1", poll: 1 },
};

export function toAct(command: SteeringCommand): Act {
  if (command === "stop-everything") return stopEverything;
  return say(command === "pause" ? { command, pauseSeconds: 300 } : { command });
}

/** None of these ends a rollout. */
export function expectSteered(command: SteeringCommand, state: State, { report, countLooks }: Ended): void {
  if (state === "flips back") {
    expect(report).toMatchObject({ status: "rolled-back", counts: { flipped: 170, skipped: 20 } });
    expect(report.rollback).toEqual({ restored: 170, conflicting: 0, failed: 0 });
  } else {
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 190, skipped: 0, failed: 0 } });
  }
  const ends = ENDS[`${command} ${state}`];
  if (ends !== undefined) expect({ polls: countLooks(ends.in) }).toEqual({ polls: ends.poll });
}
