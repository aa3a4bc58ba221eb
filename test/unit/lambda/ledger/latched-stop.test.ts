import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Stop } from "../../../../lambda/core/gate/decision.ts";
import { createLedger } from "../../../../lambda/ledger/ledger.ts";
import { startTable, type TestTable } from "./start-table.ts";

const stopFor = (reason: string): Stop => ({
  decision: "roll back",
  cause: "alarm",
  reasons: [{ code: "alarm", alarm: reason, state: "ALARM" }],
});
const AT = "2026-11-23T02:00:00.000Z";

let given: TestTable;
let ledger: ReturnType<typeof createLedger>;

beforeAll(async () => {
  given = await startTable();
  ledger = createLedger(given.table, "https://evovoice.io");
});
afterAll(() => given.close());

test("the first stop of a rollout stays, with the rollout's gate inputs only", async () => {
  expect(await ledger.readGateInputs("night")).not.toHaveProperty("stop");

  await ledger.latchStop("night", stopFor("calls drop"));
  await ledger.latchStop("night", stopFor("errors"));

  expect((await ledger.readGateInputs("night")).stop).toEqual(stopFor("calls drop"));
  expect(await ledger.readGateInputs("noon")).not.toHaveProperty("stop");
});

test("the ledger keeps the last gate state of a rollout", async () => {
  expect(await ledger.findGateState("night")).toBeUndefined();
  const first = { at: AT, bakeLeftSeconds: 300, noData: [], commandsSeen: 0, pauseLeftSeconds: 0 };
  const last = {
    ...first,
    bakeLeftSeconds: 60,
    noData: [{ code: "alarm", alarm: "calls-drop", state: "missing" } as const],
  };

  await ledger.saveGateState("night", first);
  await ledger.saveGateState("night", last);

  expect(await ledger.findGateState("night")).toEqual(last);
});
