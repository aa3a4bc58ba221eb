import { parsePolicy } from "../../../../../lambda/config.ts";
import type { DeployEvent, RetryEvent } from "../../../../../lambda/contract/deploy-event.ts";
import type { SourceRollouts } from "../../../../../lambda/core/rollback/source-rollouts.ts";
import type { RolloutRecord } from "../../../../../lambda/core/rollout-record.ts";
import { readSelection } from "../../../../../lambda/steps/lookup/read-selection.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { anAcceptedEvent } from "../../core/a-customer.ts";

const policy = parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["acme"] });
const SUBJECT: SourceRollouts = { rollouts: [], action: "promote", release: "2026.11.0" };

const subjectOf = (rolloutId: string): SourceRollouts => ({ ...SUBJECT, rollouts: [{ rolloutId, batches: 1 }] });
const only = (id: string) => ({ customerIds: [id] });

/** Rollouts by their ids; a retry goes on with the one before it. */
function given(events: Readonly<Record<string, DeployEvent>>) {
  const ids = Object.keys(events);
  const findRollout = async (rolloutId: string): Promise<RolloutRecord | undefined> => {
    const event = events[rolloutId];
    if (event === undefined) return undefined;
    const before = ids[ids.indexOf(rolloutId) - 1];
    const source = event.action === "retry" && before !== undefined ? subjectOf(before) : undefined;
    return { rolloutId, fingerprint: "", execution: "", startedAtMs: 0, status: "halted", event, source };
  };
  return { policy, ledger: { findRollout } };
}

const aRetry = (changes: Partial<RetryEvent> = {}): RetryEvent => ({
  ...{ action: "retry", rolloutId: "before", dryRun: false },
  ...changes,
});

describe("the customers that a rollout selects", () => {
  test("is what its event says", async () => {
    const event = anAcceptedEvent({ targets: [only("a")], exclude: [only("b")] });

    expect(await readSelection(given({}), { event })).toMatchObject({ targets: [only("a")], exclude: [only("b")] });
  });

  test("are, of a retry, those of its source rollout without its own exclusions", async () => {
    const night = anAcceptedEvent({ targets: [only("a"), only("b")], exclude: [only("c")] });
    const event = anAcceptedEvent({ exclude: [only("d")] });

    expect(await readSelection(given({ night }), { event, source: subjectOf("night") })).toMatchObject({
      targets: [only("a"), only("b")],
      exclude: [only("c"), only("d")],
    });
  });

  test("are, of a retry of a retry, those of the first event without any exclusion", async () => {
    const night = anAcceptedEvent({ targets: [only("a")] });
    const ports = given({ night, first: aRetry({ exclude: [only("b")] }), second: aRetry() });
    const event = anAcceptedEvent({ exclude: [only("c")] });

    expect(await readSelection(ports, { event, source: subjectOf("second") })).toMatchObject({
      targets: [only("a")],
      exclude: [only("b"), only("c")],
    });
  });

  test("is not guessed when the ledger does not say it", async () => {
    for (const rolloutId of ["gone", "rollback"]) {
      const ports = given({ rollBackSource: { action: "rollback", rolloutId: "night", dryRun: false } });
      const selection = readSelection(ports, { event: anAcceptedEvent(), source: subjectOf(rolloutId) });
      await expect(selection).rejects.toMatchObject({ reasons: [{ code: "unknown-targets", rolloutId }] });
    }
  });
});
