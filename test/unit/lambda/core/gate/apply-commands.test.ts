import fc from "fast-check";
import { applyCommands, NO_COMMANDS, passTime } from "../../../../../lambda/core/gate/apply-commands.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCommand, anyCommand } from "../a-snapshot.ts";

const pause = aCommand({ command: "pause", pauseSeconds: 600 });
const resume = aCommand({ command: "resume" });
const skip = aCommand({ command: "skip-bake" });
const full = aCommand({ command: "skip-all-bakes" });
const abort = aCommand({ command: "abort", rollback: true, requestedBy: "ann", reason: "phones are dead" });
const aborted = { rollback: true, by: "ann", reason: "phones are dead" };

describe("commands", () => {
  test.each([
    { what: "none", commands: [], comesTo: {} },
    { what: "a pause", commands: [pause], comesTo: { pausedSeconds: 600 } },
    {
      what: "a pause without a time: an hour",
      commands: [aCommand({ command: "pause" })],
      comesTo: { pausedSeconds: 3_600 },
    },
    { what: "a pause of part of a second", commands: [{ ...pause, pauseSeconds: 0.2 }], comesTo: { pausedSeconds: 1 } },
    {
      what: "a longer pause after a pause",
      commands: [pause, { ...pause, pauseSeconds: 900 }],
      comesTo: { pausedSeconds: 900 },
    },
    {
      what: "a shorter pause after a pause",
      commands: [pause, { ...pause, pauseSeconds: 60 }],
      comesTo: { pausedSeconds: 60 },
    },
    { what: "a pause and its end", commands: [pause, resume], comesTo: {} },
    { what: "the end of a pause, then a pause", commands: [resume, pause], comesTo: { pausedSeconds: 600 } },
    { what: "an end without a pause", commands: [resume], comesTo: {} },
    { what: "skip-bake", commands: [skip], comesTo: { skipBake: true } },
    { what: "skip-all-bakes", commands: [full], comesTo: { skipAllBakes: true } },
    {
      what: "skip-all-bakes and a pause: both",
      commands: [full, pause],
      comesTo: { skipAllBakes: true, pausedSeconds: 600 },
    },
    { what: "an abort", commands: [abort], comesTo: { abort: aborted } },
    {
      what: "an abort without the member rollback: with a rollback",
      commands: [{ ...abort, rollback: undefined }],
      comesTo: { abort: aborted },
    },
    {
      what: "an abort without a rollback",
      commands: [{ ...abort, rollback: false }],
      comesTo: { abort: { ...aborted, rollback: false } },
    },
    { what: "an abort, then the end of a pause", commands: [pause, abort, resume], comesTo: { abort: aborted } },
    {
      what: "an abort, then skip-bake and skip-all-bakes",
      commands: [abort, skip, full],
      comesTo: { abort: aborted, skipBake: true, skipAllBakes: true },
    },
    {
      what: "two aborts: the later choice",
      commands: [abort, { ...abort, rollback: false }],
      comesTo: { abort: { ...aborted, rollback: false } },
    },
  ])("have their effect: $what", ({ commands, comesTo }) => {
    expect(applyCommands(NO_COMMANDS, commands)).toEqual({
      seen: commands.length,
      skipAllBakes: false,
      skipBake: false,
      ...comesTo,
    });
  });

  test("that were applied before do not count again", () => {
    const once = applyCommands(NO_COMMANDS, [pause, skip, abort]);
    expect(applyCommands({ ...once, pausedSeconds: undefined }, [pause, skip, abort])).toEqual({
      seen: 3,
      skipAllBakes: false,
      skipBake: false,
    });
    expect(applyCommands(once, [pause, skip, abort, resume])).toEqual({
      seen: 4,
      skipAllBakes: false,
      skipBake: false,
    });
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

describe("a pause", () => {
  const paused = { seen: 1, skipAllBakes: true, pausedSeconds: 600 };

  test.each([
    { seconds: 0, left: 600 },
    { seconds: 599, left: 1 },
    { seconds: 600, left: undefined },
    { seconds: 601, left: undefined },
  ])("of 600 s has, after $seconds s, $left left", ({ seconds, left }) => {
    expect(passTime(paused, seconds)).toEqual({ seen: 1, skipAllBakes: true, pausedSeconds: left });
  });
});
