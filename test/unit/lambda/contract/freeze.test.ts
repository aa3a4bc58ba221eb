import { parsePolicy } from "../../../../lambda/config.ts";
import { readDeployEvent } from "../../../../lambda/contract/deploy-event.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { anEvent, aPolicy } from "./an-event.ts";

const OFFICE = { name: "office", schedule: "0 8 * * 1-5", duration: "10h", timeZone: "Europe/Berlin" };
const DATED = { name: "fair", from: "2026-12-24T12:00:00+01:00", to: "2026-12-27T00:00:00+01:00" };
const read = (...freezes: readonly unknown[]) => parsePolicy({ ...aPolicy(), freezes }).freezes;

describe("freezes of the policy", () => {
  test.each([
    [OFFICE],
    [{ ...OFFICE, schedule: "30 22 L * MON#1", duration: "1d12h30m", timeZone: "UTC" }],
    [{ ...OFFICE, duration: "7d", timeZone: "America/Argentina/Buenos_Aires" }],
    [DATED],
  ])("%j is accepted", (freeze) => expect(read(freeze)).toEqual([freeze]));

  test.each([
    ["schedule", { ...OFFICE, schedule: "0 8 * *" }, "expected a cron line that comes"],
    ["schedule", { ...OFFICE, schedule: "@daily" }, "expected a cron line that comes"],
    ["schedule", { ...OFFICE, schedule: "0 24 * * *" }, "expected a cron line that comes"],
    ["schedule", { ...OFFICE, schedule: "0 8 30 2 *" }, "expected a cron line that comes"],
    ["duration", { ...OFFICE, duration: "0h" }, "more than none, at most 7 days"],
    ["duration", { ...OFFICE, duration: "7d1m" }, "more than none, at most 7 days"],
    ["duration", { ...OFFICE, duration: "10" }, "expected a duration"],
    ["timeZone", { ...OFFICE, timeZone: "Europe/Berlinn" }, "expected the IANA name"],
    ["timeZone", { ...OFFICE, timeZone: "BST" }, "expected the IANA name"],
    ["timeZone", { ...OFFICE, timeZone: "+01:00" }, "expected the IANA name"],
    ["to", { ...DATED, to: DATED.from }, "expected a time after from"],
    ["from", { ...DATED, from: "2026-12-24" }, "expected a time with seconds and a time zone"],
    ["name", { ...DATED, name: "two words" }, "expected a freeze's name"],
  ])("a %s such as in %j is refused", (member, freeze, expected) => {
    expect(() => read(freeze)).toThrow(new RegExp(`freezes\\[0\\]\\.${member}: got .*${expected}`));
  });

  test("are refused with every problem of every freeze at once", () => {
    const bad = { ...OFFICE, schedule: "x", duration: "8d", timeZone: "Mars/Base" };
    const refuse = () => read(OFFICE, bad, { ...DATED, name: "office" }, { name: "half" });
    for (const path of ["[1].schedule", "[1].duration", "[1].timeZone", "[1].name", "[2].name", "[3]"])
      expect(refuse).toThrow(`freezes${path}: got `);
    expect(refuse).toThrow('expected { "name", "schedule", "duration", "timeZone" } or { "name", "from", "to" }');
  });
});

describe("an event's onFreeze", () => {
  const problemsOf = (changes: Readonly<Record<string, unknown>>) => readDeployEvent(anEvent(changes)).problems;

  test("waits until notAfter, which it needs", () => {
    expect(problemsOf({ onFreeze: "wait", notAfter: "2099-01-01T00:00:00Z" })).toEqual([]);
    expect(problemsOf({ onFreeze: "wait", onBusy: "wait" }).map(({ path }) => path)).toEqual(["onBusy", "onFreeze"]);
  });

  test("is for events that flip only: no freeze holds a rollback", () => {
    const rollback = { action: "rollback", rolloutId: "night", onFreeze: "refuse" };
    expect(readDeployEvent(rollback).problems).toMatchObject([{ path: "onFreeze" }]);
  });
});
