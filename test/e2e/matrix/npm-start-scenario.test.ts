import { readdirSync } from "node:fs";
import { expect, test } from "../../support/jest.ts";
import { useNpmStart } from "../../support/use-npm-start.ts";

const { folder, run } = useNpmStart();

const SECONDS = 1_000;

test(
  "rollback restores every customer after an alarm, gives the cause, and holds the release",
  async () => {
    const { code, out, err } = await run("--scenario", "rollback");
    expect(out).toMatch(
      /\nwave 2 of 3: done, (\d+) flipped in all\nalarm calls-that-fail goes off\ngate 2: roll back; alarm calls-that-fail is in ALARM: 7 of 100 calls failed, more than 5\nrolled back: \1 restored, 0 conflicting, 0 failed\nended: rolled-back\n/,
    );
    expect(out).toMatch(/\npromote 2026\.11\.0 {3}rolled back\n\nwhy\n {2}alarm calls-that-fail is in ALARM/);
    expect(out).toMatch(/\ncheck: the emulator agrees with the report: \d+ flipped and restored, \d+ not touched\n/);
    expect(out).toContain("\ncheck: the gates decided: proceed, roll back; 0 customers not restored\n");
    expect(out).toMatch(/\ncheck: release 2026\.11\.0 is held: rolled back by npm-start\n$/);
    expect(err).toBe("");
    expect(code).toBe(0);
  },
  60 * SECONDS,
);

test(
  "crash: another process resumes, and flips each customer once",
  async () => {
    const { code, out, err } = await run("--scenario", "crash");
    expect(out).toMatch(
      /gate 1: proceed\nthe process is dead \(SIGKILL\), \d\d flips into wave 2; another process resumes\nwave 2 of 3: done/,
    );
    expect(out).toMatch(
      /\ncheck: the emulator agrees with the report: \d+ flipped with one write each, \d+ not touched\n/,
    );
    expect(out).toMatch(/\ncheck: the rollout that crashed ended as succeeded\n$/);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  },
  60 * SECONDS,
);
