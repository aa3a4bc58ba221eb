import { parsePolicy } from "../../../../../lambda/config.ts";
import { FlipEvent } from "../../../../../lambda/contract/deploy-event.ts";
import { OutOfTimeError } from "../../../../../lambda/core/out-of-time-error.ts";
import { lookUp } from "../../../../../lambda/steps/lookup/look-up.ts";
import { LOOKUP_START } from "../../../../../lambda/steps/lookup/lookup-run.ts";
import type { Connection, Ledger, Ports } from "../../../../../lambda/steps/ports.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

const POLICY = parsePolicy({ baseUrl: "https://evovoice.example", accountIds: ["a1"] });

/** Ports of a world where every request waits until its part's time is over, as under a 429 for ever. */
function portsWithoutAnswers(): Ports {
  const wait = () => Promise.reject(new OutOfTimeError("the part's time was over before the request could start"));
  const connection: Partial<Connection> = {
    readTagIds: wait,
    readPage: wait,
    pace: () => ({ perSecond: 1 }) as ReturnType<Connection["pace"]>,
    close: () => undefined,
  };
  const readControls = async () => ({ fence: 1, holds: {}, protectedIds: [] });
  const ledger: Partial<Ledger> = { countStepAttempt: async () => 1, readControls };
  return {
    policy: POLICY,
    ledger: ledger as Ledger,
    evoVoice: { connect: () => connection as Connection },
    executions: { findEnd: async () => ({ running: true }) },
    notifier: { publish: async () => undefined, alert: async () => undefined },
    readAlarms: async () => [],
    log: { info: () => undefined },
    nowMs: Date.now,
    sleep: () => new Promise(() => undefined),
  };
}

describe("a server that refuses every request of a lookup for its whole time", () => {
  test.each([
    { about: "pages", targets: { all: true } },
    { about: "tags", targets: { tags: ["vip"] } },
  ])("ends the rollout after three parts in a row ($about)", async ({ targets }) => {
    const event = FlipEvent.parse({ action: "promote", release: "1", targets });
    const rollout = { kind: "flip", rolloutId: "r1", event, startedAtMs: 0 } as const;
    const run = { step: "look-up-1", attempt: 1, invocationEndsAtMs: Date.now() + 900_000 };
    const ports = portsWithoutAnswers();

    const first = await lookUp(ports, rollout, run, LOOKUP_START);
    const second = await lookUp(ports, rollout, run, first);

    expect([first, second]).toMatchObject([
      { done: false, idleParts: 1, page: 0 },
      { done: false, idleParts: 2, page: 0 },
    ]);
    await expect(lookUp(ports, rollout, run, second)).rejects.toThrow(
      "3 parts in a row made no progress: Evo Voice answered none of their requests in time",
    );
  });
});
