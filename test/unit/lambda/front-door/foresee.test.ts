import { describe, expect, test } from "@jest/globals";
import { foresee, type AppliedCommands } from "../../../../lambda/front-door/foresee.ts";
import type { CommandRecord } from "../../../../lambda/core/records.ts";
import type { Now } from "../../../../lambda/core/report/rollout-progress.ts";
import { aCommand } from "../core/a-sight.ts";

const waveOf = (wave: number, customers: number, bakeSeconds: number) => ({
  ...{ wave, from: 0, to: 0, customers, bakeSeconds },
});
const plan = {
  ...{ hash: "9bed", flip: 60, unchanged: 0, skipped: 0, skippedBy: {}, batches: 2, settledItems: 0 },
  waves: [waveOf(1, 10, 300), waveOf(2, 20, 0), waveOf(3, 0, 300), waveOf(4, 30, 0)],
};
const event = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false } as const;
const rollback = { action: "rollback", rolloutId: "promote-1", dryRun: false } as const;

const WHERE = {
  "waits for the lock": { phase: "waiting" },
  "looks up": { phase: "preparing" },
  "flips wave 1": { phase: "flipping", wave: 1 },
  "bakes wave 1": { phase: "baking", wave: 1 },
  "flips wave 2": { phase: "flipping", wave: 2 },
  "is at the gate of wave 2": { phase: "baking", wave: 2 },
  "flips back": { phase: "rolling back", wave: 2 },
  ends: { phase: "ending" },
} as const satisfies Readonly<Record<string, Partial<Now>>>;
type Where = keyof typeof WHERE;

function send(command: CommandRecord, where: Where, given: Partial<AppliedCommands> = {}): string {
  const now: Now = { since: "2026-11-23T02:00:00.000Z", heldBy: [], noted: [], ...WHERE[where] };
  const record = { event, plan: where === "waits for the lock" || where === "looks up" ? undefined : plan };
  const foreseen = foresee(command, { record, now, commands: [], ...given });
  return "effect" in foreseen ? foreseen.effect : `nothing: ${foreseen.nothing}`;
}

const ENDING = "nothing: it is ending, and nobody is flipped any more";

describe("an abort of a rollout that", () => {
  const back = "nobody else is flipped, and whoever was flipped is flipped back";
  test.each<[Where, string]>([
    ["waits for the lock", "nobody is flipped yet: it ends with nobody flipped"],
    ["looks up", "nobody is flipped yet: it ends with nobody flipped"],
    ["flips wave 1", back],
    ["bakes wave 1", back],
    ["flips wave 2", back],
    ["is at the gate of wave 2", back],
    [
      "flips back",
      "it is flipping back: this stops that; whoever is not flipped back by then stays as they are, and is named in its report",
    ],
    ["ends", ENDING],
  ])("%s: %s", (where, said) => {
    expect(send(aCommand({ command: "abort", rollback: true }), where)).toBe(said);
  });

  test("flips, without a rollback, leaves whoever was flipped", () => {
    expect(send(aCommand({ command: "abort", rollback: false }), "flips wave 1")).toBe(
      "nobody else is flipped, and whoever was flipped stays as they are",
    );
  });
});

describe("a pause of a rollout that", () => {
  test.each<[Where, string]>([
    ["waits for the lock", "it stands still before its first flip, for 30 min from when it takes this in"],
    ["looks up", "it stands still before its first flip, for 30 min from when it takes this in"],
    ["flips wave 1", "nobody is flipped for 30 min from when it takes this in"],
    ["bakes wave 1", "wave 1 bakes on, and nobody is flipped for 30 min from when it takes this in"],
    ["flips back", "it is flipping back: nobody is flipped back for 30 min from when it takes this in"],
    ["ends", ENDING],
  ])("%s: %s", (where, said) => {
    expect(send(aCommand({ command: "pause", pauseSeconds: 1_800 }), where)).toBe(said);
  });
});

describe("a skip of a rollout that", () => {
  const ask = "; ask for its status to see when one is";
  test.each<[Where, string]>([
    ["waits for the lock", `nothing: no bake is under way: it waits for the lock${ask}`],
    ["looks up", `nothing: no bake is under way: nobody is flipped yet${ask}`],
    ["flips wave 1", `nothing: no bake is under way: wave 1 is flipped${ask}`],
    ["bakes wave 1", "the rest of the bake of wave 1 is skipped; its gate still counts"],
    ["is at the gate of wave 2", `nothing: no bake is under way: wave 2 has none, and is at its gate${ask}`],
    ["flips back", `nothing: no bake is under way: it is flipping back${ask}`],
    ["ends", ENDING],
  ])("%s: %s", (where, said) => {
    expect(send(aCommand({ command: "skip-bake" }), where)).toBe(said);
  });
});

describe("skip-all-bakes for a rollout that", () => {
  const full = "no bake is waited for from now on; the gates still count";
  const none = "nothing: no bake is left to come";
  test.each<[Where, string]>([
    ["waits for the lock", full],
    ["looks up", full],
    ["flips wave 1", full],
    ["bakes wave 1", full],
    // The third wave's bake is none: it has no customers.
    ["flips wave 2", none],
    ["is at the gate of wave 2", none],
    ["flips back", "nothing: the way back has no bakes"],
    ["ends", ENDING],
  ])("%s: %s", (where, said) => {
    expect(send(aCommand({ command: "skip-all-bakes" }), where)).toBe(said);
  });

  test("waits for the lock and is a rollback: it has no bakes", () => {
    expect(send(aCommand({ command: "skip-all-bakes" }), "waits for the lock", { record: { event: rollback } })).toBe(
      "nothing: the way back has no bakes",
    );
  });
});

describe("a resume of a rollout", () => {
  const resume = aCommand({ command: "resume" });
  const pause = aCommand({ command: "pause", requestedBy: "bob" });

  test.each<[string, readonly CommandRecord[], string]>([
    ["that nobody paused", [], "nothing: it is not paused"],
    ["whose pause was ended already", [pause, resume], "nothing: it is not paused"],
    ["that is paused", [pause], "the pause by bob ends, if it is not over already"],
    ["that was paused again", [pause, resume, pause], "the pause by bob ends, if it is not over already"],
  ])("%s", (_which, commands, said) => {
    expect(send(resume, "flips wave 1", { commands })).toBe(said);
  });

  test("that something else holds says what", () => {
    const now = {
      phase: "flipping",
      wave: 1,
      since: "",
      heldBy: ["everything is stopped, by eve"],
      noted: [],
    } as const;
    expect(send(resume, "flips wave 1", { now })).toBe(
      "nothing: it is not paused; what holds it: everything is stopped, by eve",
    );
  });
});
