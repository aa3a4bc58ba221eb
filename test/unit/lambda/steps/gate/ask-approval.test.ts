import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import type { AlertMessage } from "../../../../../lambda/core/report/alert-message.ts";
import { askApproval } from "../../../../../lambda/steps/gate/ask-approval.ts";
import { publish } from "../../../../../lambda/steps/report/publish.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aRollout, fakePorts, useLedgerWorld } from "../fake-ports.ts";

const world = useLedgerWorld();

const wave = { wave: 1, from: 0, to: 1, customers: 3, bakeSeconds: 0, approvalSeconds: 3_600 };
const plan = { hash: "9bed".repeat(16), flip: 3, unchanged: 0, skipped: 0, batches: 1, settledItems: 0, waves: [wave] };

test("an approval is asked once the ledger has the question: before, no answer could be taken", async () => {
  const recordEvent = () => Promise.reject(new Error("the ledger is away"));
  const alerts: AlertMessage[] = [];
  const ports = fakePorts(world(), { customers: [], ledger: { recordEvent } });
  const asking = {
    ...ports,
    notifier: { publish: async () => {}, alert: async (alert: AlertMessage) => void alerts.push(alert) },
  };

  await expect(askApproval(asking, aRollout("night"), { plan, wave, counts: NO_COUNTS })).rejects.toThrow("away");
  expect(alerts).toEqual([]);
  await expect(publish(asking, aRollout("night"), { change: "started" })).resolves.toBeUndefined();
});
