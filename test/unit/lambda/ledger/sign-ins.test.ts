import { createLedger } from "../../../../lambda/ledger/ledger.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { ENVIRONMENT, useTable } from "./use-table.ts";

const { table } = useTable();

const aLedger = () => createLedger(table, ENVIRONMENT);

describe("the sign-ins with a version of the secret", () => {
  test("are counted over all workers, also when they begin at the same time", async () => {
    const rulings = await Promise.all([aLedger(), aLedger(), aLedger()].map((ledger) => ledger.beginSignIn("v1")));

    expect(rulings.map(({ kind }) => kind).sort()).toEqual(["may begin", "too soon", "too soon"]);
    expect(await aLedger().beginSignIn("v2")).toMatchObject({ kind: "may begin" });
  });

  test("begin again at once after a success, and after one that Evo Voice cannot have seen", async () => {
    const ledger = aLedger();
    for (const end of ["accepted", "unseen"] as const) {
      const ruling = await ledger.beginSignIn("v1");
      if (ruling.kind !== "may begin") throw new Error(ruling.kind);
      await ledger.endSignIn("v1", ruling.atMs, end);
    }

    expect(await aLedger().beginSignIn("v1")).toMatchObject({ kind: "may begin" });
  });

  test("end with a refusal, until a person sends try-login-again", async () => {
    await aLedger().endSignIn("v1", Date.now(), "refused");
    expect(await aLedger().beginSignIn("v1")).toEqual({ kind: "refused" });

    const at = new Date().toISOString();
    await aLedger().changeControls({ change: "try-login-again", requestedBy: "ann", reason: "unlocked", at });
    await aLedger().changeControls({ change: "resume-everything", requestedBy: "ann", reason: "all well", at });

    expect(await aLedger().beginSignIn("v1")).toMatchObject({ kind: "may begin" });
  });
});
