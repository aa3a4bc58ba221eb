import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "../../support/jest.ts";

const EXPECTED = { flipped: { planned: 300, attempts: 3 }, alarms: 3, closed: "closed" };
const SCRIPT = new URL("../../unit/local/durable/killable-rollout.ts", import.meta.url);
const STEPS = ["plan", "flip", "flip", "flip", "gate", "gate", "gate", "unlock", "notify"];

let folder: string;
let file: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover-"));
  file = join(folder, "checkpoints.jsonl");
  log = join(folder, "steps.log");
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the execution in a process of its own; answers its result, or undefined when it was killed. */
async function run(death = ""): Promise<{ status: string; result: unknown; operations: number } | undefined> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [fileURLToPath(SCRIPT), file, log, death], (error, stdout, stderr) => {
      if (error?.signal === "SIGKILL") resolve(undefined);
      else if (error) reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout));
    });
  });
}

const stepsRun = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

/** The steps whose result is in the file. */
function finishedSteps(): Set<string> {
  const entries = readFileSync(file, "utf8").trim().split("\n");
  const operations = entries.flatMap((line) => JSON.parse(line).operations as { Name: string; Status: string }[]);
  return new Set(operations.filter(({ Status }) => Status === "SUCCEEDED").map(({ Name }) => Name));
}

test("an undisturbed execution runs each step once, and each retry and check as ordered", async () => {
  expect(await run()).toMatchObject({ status: "SUCCEEDED", result: EXPECTED, operations: 13 });
  expect(stepsRun()).toEqual(STEPS);
});

test("killed before each write to its checkpoints, it ends the same and repeats no finished step", async () => {
  let deaths = 0;
  let result: Awaited<ReturnType<typeof run>>;
  do {
    const finished = deaths > 0 ? finishedSteps() : new Set<string>();
    const runBefore = stepsRun().length;
    result = await run(`before:${deaths + 1}`);
    if (!result) deaths += 1;
    const repeated = stepsRun().slice(runBefore);
    expect(repeated.filter((step) => finished.has(step))).toEqual([]);
  } while (!result);
  expect(result).toMatchObject({ status: "SUCCEEDED", result: EXPECTED });
  expect(deaths).toBeGreaterThan(STEPS.length * 2);
  expect(new Set(stepsRun())).toEqual(new Set(STEPS));
});

test("killed in the middle of a step, it repeats that step alone, and uses up no try of it", async () => {
  for (let deaths = 0; deaths < 3; deaths += 1) expect(await run("in:flip")).toBeUndefined();
  expect(await run("in:unlock")).toBeUndefined();
  expect(await run()).toMatchObject({ status: "SUCCEEDED", result: EXPECTED });
  const flips = Array<string>(3).fill("flip");
  expect(stepsRun()).toEqual(["plan", ...flips, ...STEPS.slice(1, -1), "unlock", "notify"]);
});
