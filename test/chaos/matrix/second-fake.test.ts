import { captureOutput } from "../../support/capture-output.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../support/jest.ts";
import { createDraws } from "../second-fake/draws.ts";
import { judgeHistory } from "../second-fake/judge-history.ts";
import { MISBEHAVIOURS, type Misbehaviour } from "../second-fake/misbehaviours.ts";
import { playHistory, SLOW } from "../second-fake/play-history.ts";
import { type StandIns, startStandIns } from "../second-fake/stand-ins.ts";

type Row = Misbehaviour | "none" | "three at once";
const ROWS: readonly Row[] = ["none", ...MISBEHAVIOURS, "three at once"];

/** Histories of each row; fewer where each lasts many seconds. */
const RUNS = Number(process.env.CUTOVER_SECOND_FAKE_RUNS ?? 2);
const runsOf = (row: Row) => (SLOW.some((slow) => slow === row) ? Math.ceil(RUNS / 5) : RUNS);
const FIRST_SEED = Number(process.env.CUTOVER_SECOND_FAKE_SEED ?? 1);

interface Tally {
  readonly row: Row;
  readonly runs: number;
  readonly wrongEnds: readonly string[];
  readonly wrongReports: readonly string[];
  readonly ms: number;
}

const tallies: Tally[] = [];
let standIns: StandIns;
beforeAll(async () => {
  standIns = await startStandIns();
});
afterAll(async () => {
  await standIns.close();
  process.stdout.write(`${drawTable(tallies)}\n`);
});

describe("a second fake misbehaves: every customer stands where the reports say", () => {
  test.each(ROWS)(
    "%s",
    async (row) => {
      const tally = await playRow(row);
      tallies.push(tally);

      expect(tally).toMatchObject({ wrongEnds: [], wrongReports: [] });
    },
    3_600_000,
  );
});

async function playRow(row: Row): Promise<Tally> {
  const startedAt = Date.now();
  const wrong: { wrongEnds: string[]; wrongReports: string[] } = { wrongEnds: [], wrongReports: [] };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + runsOf(row); seed += 1) {
    const output = captureOutput();
    try {
      const history = await playHistory(standIns, { seed, misbehaviours: toMisbehaviours(row, seed) });
      const story = history.rollouts.map(({ action, report }) => `${action} ${report?.status}`).join(", ");
      const judgement = judgeHistory(history);
      for (const kind of ["wrongEnds", "wrongReports"] as const)
        if (judgement[kind].length > 0)
          wrong[kind].push(`seed ${seed} (${story}): ${judgement[kind].length}, such as ${judgement[kind][0]}`);
    } finally {
      output.restore();
    }
  }
  return { row, runs: runsOf(row), ...wrong, ms: Date.now() - startedAt };
}

function toMisbehaviours(row: Row, seed: number): readonly Misbehaviour[] {
  if (row === "none") return [];
  if (row !== "three at once") return [row];
  const draws = createDraws(`three ${seed}`);
  return [...MISBEHAVIOURS].sort((a, b) => draws.part(a) - draws.part(b)).slice(0, 3);
}

/** A row for each misbehaviour, with one example of each kind. */
function drawTable(rows: readonly Tally[]): string {
  const head = ["misbehaviour", "runs", "wrong ends", "wrong reports", "seconds"];
  const lines = rows.flatMap(({ row, runs, wrongEnds, wrongReports, ms }) => [
    [row, runs, wrongEnds.length, wrongReports.length, (ms / 1000).toFixed(1)],
    ...[wrongEnds[0], wrongReports[0]].flatMap((example) => (example === undefined ? [] : [[`  ${example}`]])),
  ]);
  return [head, ...lines].map(toLine).join("\n");
}

function toLine([first = "", ...rest]: readonly (string | number)[]): string {
  return [String(first).padEnd(26), ...rest.map((cell) => String(cell).padStart(15))].join("");
}
