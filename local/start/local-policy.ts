import type { StartOptions } from "./command-line.ts";
import type { EmulatorProcess } from "./emulator-process.ts";
import { ALARM } from "./scenario.ts";
import { isWebhook, WEBHOOKS } from "./trigger.ts";

const START_PER_SECOND = 200;

/** The policy of a local run: small, as an operator's policy, with a higher pace. */
export function toLocalPolicy(
  { address, accountId }: Pick<EmulatorProcess, "address" | "accountId">,
  { requestsPerSecond, trigger, scenario }: Pick<StartOptions, "requestsPerSecond" | "trigger" | "scenario">,
) {
  return {
    baseUrl: address,
    accountIds: [accountId],
    protected: { tags: ["vip"] },
    cohorts: { canary: { tags: ["canary"] }, beta: { tags: ["beta"] } },
    // In one wave: the default strategy would bake for half an hour.
    strategy: "all-at-once",
    requestsPerSecond,
    startRequestsPerSecond: Math.min(START_PER_SECOND, requestsPerSecond),
    // The emulator's readings do not lag.
    settleSeconds: 1,
    // On loopback, an answer that takes longer never arrives.
    retries: { requestTimeoutMs: 1_000 },
    ...(scenario && { alarms: [ALARM] }),
    ...(trigger && isWebhook(trigger) && { webhooks: WEBHOOKS }),
  };
}
