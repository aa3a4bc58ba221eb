import { readdirSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { useNpmStart } from "../../support/use-npm-start.ts";

const { folder, run } = useNpmStart();

const SECONDS = 1_000;

test(
  "rollback: a wave turns bad, everybody is put back, the report says why, and the release is held",
  async () => {
    const { code, out, err } = await run("--scenario", "rollback");
    expect(out).toMatch(
      /\nwave 2 of 3: done, (\d+) flipped in all\nalarm calls-that-fail goes off\ngate 2: roll back; alarm calls-that-fail is in ALARM: 7 of 100 calls failed, more than 5\nrolled back: \1 restored, 0 conflicting, 0 failed\nended: rolled-back\n/,
    );
    expect(out).toMatch(/\npromote 2026\.11\.0 {3}rolled back\n\nwhy\n {2}alarm calls-that-fail is in ALARM/);
    expect(out).toMatch(/\ncheck: the emulator agrees with the report: \d+ flipped and restored, \d+ not touched\n/);
    expect(out).toContain("\ncheck: the gates decided: proceed, roll back; 0 customers left\n");
    expect(out).toMatch(/\ncheck: release 2026\.11\.0 is held: rolled back by promote-\w+\n$/);
    expect(err).toBe("");
    expect(code).toBe(0);
  },
  60 * SECONDS,
);

test(
  "rollback, of a server that misbehaves, ends in the same way; --json prints only the report",
  async () => {
    const faults = "error-5xx=0.02,drop-after=0.02,retry-after=0";
    const { code, out, err } = await run("--scenario", "rollback", "--customers", "300", "--faults", faults, "--json");
    expect(JSON.parse(out)).toMatchObject({ status: "rolled-back", rollback: { conflicting: 0, left: 0 } });
    expect(err).toContain("\ncheck: the emulator agrees");
    expect(code).toBe(0);
  },
  60 * SECONDS,
);

test(
  "rollback: a story that does not come to its second wave ends with 1",
  async () => {
    const { code, out } = await run("--scenario", "rollback", "--customers", "1");
    expect(out).not.toContain("\nalarm calls-that-fail goes off");
    expect(out).toContain(
      "; 0 customers left (the story expects proceed, roll back; 0 customers left; but calls-that-fail never",
    );
    expect(out).toMatch(/\ncheck: release 2026\.11\.0 is not held \(the story expects it to be held\)\n$/);
    expect(code).toBe(1);
  },
  60 * SECONDS,
);

test(
  "crash: the worker kills itself in the second wave, another one goes on, and all ends as without",
  async () => {
    const { code, out, err } = await run("--scenario", "crash");
    const [, early, total] =
      /gate 1: proceed\nthe worker is dead \(SIGKILL\), (\d+) customers moved; another one goes on\nwave 2 of 3: done, (\d+) flipped/.exec(
        out,
      ) ?? [];
    const [, canaries] = /wave 1 of 3: done, (\d+) flipped/.exec(out) ?? [];
    expect(Number(early)).toBeGreaterThan(Number(canaries));
    expect(Number(early)).toBeLessThan(Number(total));
    expect(out).toMatch(
      /\ncheck: the emulator agrees with the report: \d+ flipped with one write each, \d+ not touched\n/,
    );
    expect(out).toContain("\ncheck: the rollout that crashed ended as succeeded\n");
    expect(out).toMatch(/\ncheck: without a crash, all 1,050 customers of both accounts end in the same place\n$/);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  },
  60 * SECONDS,
);

test(
  "crash: a second wave too small to be killed in ends with 1, and says so",
  async () => {
    const { code, err } = await run("--scenario", "crash", "--customers", "100");
    expect(err).toBe("start: nobody was killed: the second wave has too few customers; take more with --customers\n");
    expect(code).toBe(1);
  },
  60 * SECONDS,
);
