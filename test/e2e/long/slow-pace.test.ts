import type { Report } from "../../../lambda/core/report/report.ts";
import { type FrontDoor, openFrontDoor } from "../../support/front-door.ts";
import { afterEach, expect, test } from "../../support/jest.ts";

let door: FrontDoor;
afterEach(() => door.close());

/** Longer than a reading of a customer, and of the controls, may be old when the customer is flipped. */
const MOST_AGE_MS = 5_500;

test("a slow batch leaves out what was protected or moved 5 s before its turn, after a stall too", async () => {
  const policy = {
    ...{ requestsPerSecond: 4, startRequestsPerSecond: 4, strategy: "all-at-once" },
    protected: { tags: ["do-not-move"] },
  };
  door = await openFrontDoor({ customers: 160, stagingShare: 1, policy });
  const { emulator, executions } = door.world;
  const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  const sent = new Map<string, number>();
  let refuses = true;
  emulator.onRequest(async ({ operation, phase, customerId = "" }) => {
    if (operation !== "SetCustomerStagingMode") return;
    if (phase === "written") sent.set(customerId, Date.now());
    if (phase !== "arrived" || !refuses) return;
    refuses = false;
    emulator.setFaults("rate-limit=1,retry-after=6");
    setTimeout(() => emulator.setFaults(""), 1_500);
    // Uses up what the limit allows, so that the first flip is refused too.
    for (let used = 0; used < 3; used += 1) await fetch(`${emulator.address}/customers`);
  });
  await door.send({ action: "promote", release: "2026.11", targets: { all: true }, id: "night" });
  while (sent.size < 5) await new Promise((resolve) => setTimeout(resolve, 20));

  const left = ours.map(({ id }) => id).filter((id) => !sent.has(id));
  const third = left.length / 3;
  const [moved, tagged, safe] = [left.slice(0, third), left.slice(third, 2 * third), left.slice(2 * third)];
  for (const id of moved) emulator.setStaging(id, false);
  for (const id of tagged) emulator.setTags(id, ["do-not-move"]);
  const ann = { requestedBy: "ann", reason: "they are moving house" };
  await door.send({ command: "protect", customerIds: safe, ...ann });
  const atMs = Date.now();
  await executions.settled();

  expect(left.filter((id) => (sent.get(id) ?? 0) > atMs + MOST_AGE_MS)).toEqual([]);
  const { exceptions } = (await door.send({ command: "status", rolloutId: "night" })) as unknown as Report;
  for (const code of ["protected-by-control", "protected-by-policy"])
    expect(exceptions.some(({ reason }) => reason.code === code)).toBe(true);
});
