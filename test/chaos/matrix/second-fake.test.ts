import { captureOutput } from "../../support/capture-output.ts";
import { afterAll, beforeAll, describe, expect, test } from "../../support/jest.ts";
import { type StandIns, startStandIns } from "../../support/stand-ins.ts";
import { SECRET } from "../../support/world.ts";
import { createDraws } from "../second-fake/draws.ts";
import { judgeHistory } from "../second-fake/judge-history.ts";
import { MISBEHAVIOURS, type Misbehaviour } from "../second-fake/misbehaviours.ts";
import { playHistory, SLOW } from "../second-fake/play-history.ts";

type Row = Misbehaviour | "none" | "three at once";
const ROWS: readonly Row[] = ["none", ...MISBEHAVIOURS, "three at once"];

/** Histories of each row; fewer where each lasts many seconds. */
const RUNS = Number(process.env.CUTOVER_SECOND_FAKE_RUNS ?? 2);
const runsOf = (row: Row) => (SLOW.some((slow) => slow === row) ? Math.ceil(RUNS / 5) : RUNS);
const FIRST_SEED = Number(process.env.CUTOVER_SECOND_FAKE_SEED ?? 1);

let standIns: StandIns;
beforeAll(async () => {
  standIns = await startStandIns({ [SECRET]: "{}" });
});
afterAll(() => standIns.close());

describe("a second fake misbehaves: every customer stands where the reports say", () => {
  test.each(ROWS)(
    "%s",
    async (row) => {
      const wrong: string[] = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + runsOf(row); seed += 1)
        wrong.push(...(await playAndJudge(row, seed)));

      expect(wrong).toEqual([]);
    },
    3_600_000,
  );
});

async function playAndJudge(row: Row, seed: number): Promise<readonly string[]> {
  const output = captureOutput();
  try {
    const history = await playHistory(standIns, { seed, misbehaviours: toMisbehaviours(row, seed) });
    const story = history.rollouts.map(({ action, report }) => `${action} ${report?.status}`).join(", ");
    return judgeHistory(history).map((wrong) => `seed ${seed} (${story}): ${wrong}`);
  } finally {
    output.restore();
  }
}

function toMisbehaviours(row: Row, seed: number): readonly Misbehaviour[] {
  if (row === "none") return [];
  if (row !== "three at once") return [row];
  const draws = createDraws(`three ${seed}`);
  return [...MISBEHAVIOURS].sort((a, b) => draws.part(a) - draws.part(b)).slice(0, 3);
}
