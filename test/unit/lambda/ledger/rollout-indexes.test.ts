import { createLedger } from "../../../../lambda/ledger/ledger.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { useTable } from "./use-table.ts";

const { ledger, table, scan } = useTable();

describe("the last rollout of a release", () => {
  test("is the rollout of this release and environment that began to flip last", async () => {
    expect(await ledger.findRollouts("2026.11")).toEqual([]);
    await ledger.noteRelease("2026.11", "night");
    await ledger.noteRelease("2026.11.1", "noon");
    await createLedger(table, "https://other.example").noteRelease("2026.11", "elsewhere");
    expect(await ledger.findRollouts("2026.11")).toEqual(["night"]);

    await ledger.noteRelease("2026.11", "again");
    await ledger.noteRelease("2026.11", "again");
    expect(await ledger.findRollouts("2026.11")).toEqual(["again", "night"]);
  });

  test("expires with the rollout", async () => {
    await ledger.noteRelease("2026.11", "night");
    expect(await scan()).toEqual([expect.objectContaining({ expiresAt: expect.any(Number) })]);
  });
});

describe("the rollouts that flipped", () => {
  const a = (rolloutId: string) => ({ rolloutId, action: "promote" }) as const;

  test("of any release are in the order in which they began, in this environment", async () => {
    expect(await ledger.findFlips()).toEqual([]);
    await ledger.noteFlips(a("night"));
    await ledger.noteFlips(a("noon"));
    await createLedger(table, "https://other.example").noteFlips(a("elsewhere"));
    // The step that noted it was run again, after another one had its turn.
    await ledger.noteFlips(a("night"));

    expect(await ledger.findFlips()).toEqual([a("noon"), a("night")]);
  });

  test("are the last 500", async () => {
    const rollouts = Array.from({ length: 500 }, (_, index) => a(`r${index}`));
    await table.put({ pk: "environment#https://evovoice.io", sk: "flips" }, { rollouts });

    await ledger.noteFlips(a("night"));

    expect(await ledger.findFlips()).toEqual([a("night"), ...rollouts.slice(0, 499)]);
  });
});
