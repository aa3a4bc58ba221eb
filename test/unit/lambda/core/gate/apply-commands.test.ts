import fc from "fast-check";
import {
  applyCommands,
  type CommandRecord,
  NO_COMMANDS,
  passTime,
} from "../../../../../lambda/core/gate/apply-commands.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCommand, anyCommand } from "../a-snapshot.ts";

const pause = aCommand({ command: "pause", pauseSeconds: 600 });
const resume = aCommand({ command: "resume" });
const skip = aCommand({ command: "skip-bake" });
const full = aCommand({ command: "skip-all-bakes" });
const abort = aCommand({ command: "abort", rollback: true, requestedBy: "ann", reason: "phones are dead" });
const aborted = { rollback: true, by: "ann", reason: "phones are dead" };

describe("commands", () => {
  const NO_EFFECT = { skipAllBakes: false, skipBake: false };

  test.each<[what: string, commands: readonly CommandRecord[], comesTo: object]>([
    ["none", [], {}],
    ["a pause", [pause], { pausedSeconds: 600 }],
    ["a pause without a time: an hour", [aCommand({ command: "pause" })], { pausedSeconds: 3_600 }],
    ["a pause of part of a second", [{ ...pause, pauseSeconds: 0.2 }], { pausedSeconds: 1 }],
    ["a longer pause after a pause", [pause, { ...pause, pauseSeconds: 900 }], { pausedSeconds: 900 }],
    ["a shorter pause after a pause", [pause, { ...pause, pauseSeconds: 60 }], { pausedSeconds: 60 }],
    ["a pause and its end", [pause, resume], {}],
    ["the end of a pause, then a pause", [resume, pause], { pausedSeconds: 600 }],
    ["an end without a pause", [resume], {}],
    ["skip-bake", [skip], { skipBake: true }],
    ["skip-all-bakes and a pause: both", [full, pause], { skipAllBakes: true, pausedSeconds: 600 }],
    ["an abort", [abort], { abort: aborted }],
    ["an abort without the member rollback: with one", [{ ...abort, rollback: undefined }], { abort: aborted }],
    ["an abort, then the end of a pause", [pause, abort, resume], { abort: aborted }],
    ["an abort, then skips", [abort, skip, full], { abort: aborted, skipBake: true, skipAllBakes: true }],
    ["two aborts: the later", [abort, { ...abort, rollback: false }], { abort: { ...aborted, rollback: false } }],
  ])("have their effect: %s", (_what, commands, comesTo) => {
    expect(applyCommands(NO_COMMANDS, commands)).toEqual({ seen: commands.length, ...NO_EFFECT, ...comesTo });
  });

  test("that were applied before do not count again", () => {
    const sent = [pause, skip, abort];
    const once = applyCommands(NO_COMMANDS, sent);
    expect(applyCommands({ ...once, pausedSeconds: undefined }, sent)).toEqual({ seen: 3, ...NO_EFFECT });
    expect(applyCommands(once, [...sent, resume])).toEqual({ seen: 4, ...NO_EFFECT });
  });

  test("stay applied when fewer are shown: no command counts twice", () => {
    expect(applyCommands({ seen: 3, skipAllBakes: false }, [skip]).seen).toBe(3);
  });

  test("have the same effect whether they arrive one by one or all at once", () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        let commandState = applyCommands(NO_COMMANDS, []);
        let skipped = false;
        for (const [index] of commands.entries()) {
          const next = applyCommands(commandState, commands.slice(0, index + 1));
          skipped ||= next.skipBake;
          commandState = { ...next, abort: next.abort ?? commandState.abort };
        }
        expect({ ...commandState, skipBake: skipped }).toEqual(applyCommands(NO_COMMANDS, commands));
      }),
    );
  });

  test("after an abort, however many, do not take the abort back", () => {
    fc.assert(
      fc.property(fc.array(anyCommand), fc.array(anyCommand), (before, after) => {
        expect(applyCommands(NO_COMMANDS, [...before, abort, ...after]).abort).toBeDefined();
      }),
    );
  });
});

test.each([
  [0, 600],
  [599, 1],
  [600, undefined],
  [601, undefined],
])("a pause of 600 s has, after %d s, %p left", (seconds, pausedSeconds) => {
  const given = { seen: 1, skipAllBakes: true };
  expect(passTime({ ...given, pausedSeconds: 600 }, seconds)).toEqual({ ...given, pausedSeconds });
});
