import { createBatches } from "../../../../lambda/ledger/batches.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";
import { startTable, type TestTable } from "./start-table.ts";

const CUSTOMERS = ["a", "b"].map((id) => ({ id, name: `Customer ${id}` }));

let given: TestTable;

beforeEach(async () => {
  given = await startTable();
});
afterEach(() => given.close());

test("a batch keeps nothing of a rollback that removed its intention", async () => {
  const batches = createBatches(given.table);
  await batches.putBatch("night", 0, CUSTOMERS);
  const begun = await batches.recordBatch({
    ...(await batches.getBatch("night", 0)),
    restoring: ["b"],
    rolledBackBy: "back",
  });

  await batches.recordBatch({ ...begun, restoring: [], rolledBackBy: "back" });

  const after = await batches.getBatch("night", 0);
  expect(after).toMatchObject({ restoring: [], rollback: [], rolledBackBy: undefined });
});
