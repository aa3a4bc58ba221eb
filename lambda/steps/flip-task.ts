import { wantedFlag } from "../contract/deploy-event.ts";
import { settleBeforeFlip } from "../rollout/flip.ts";
import { dropNeverFlipped } from "../rollout/revert.ts";
import { createJudge } from "../rollout/selection.ts";
import type { Task, Work } from "./batch-run.ts";
import { createFlipKin } from "./flip-kin.ts";
import type { FlipRollout } from "./part.ts";
import type { Ports } from "./ports.ts";
import { readSelection } from "./read-selection.ts";

/** Flips as planned; what comes of a customer is its outcome. */
export async function createFlipTask(
  ports: Pick<Ports, "ledger" | "policy" | "nowMs">,
  { rolloutId, event, subject }: FlipRollout,
): Promise<Task> {
  const { ledger, policy, nowMs } = ports;
  const judge = createJudge(await readSelection(ports, { event, subject }));
  const flag = wantedFlag(event.action);
  return {
    flag,
    read: (place) => ledger.getBatch(rolloutId, place),
    open({ customers, outcomes, intended }) {
      const begun = new Set(intended);
      const decide: Work["settle"] = (planned, fresh) =>
        settleBeforeFlip({ planned, fresh, wantedFlag: flag, intended: begun.has(planned.id), judge });
      const kin = policy.childrenFollow ? createFlipKin({ flag, judge, nowMs, customers, decide }) : undefined;
      return {
        customers,
        outcomes,
        intended,
        settle: (customer, fresh) => decide(customer, fresh) ?? kin?.settleHeld(customer),
        kin,
      };
    },
    close: (batch, { outcomes, intended }) => dropNeverFlipped({ ...batch, outcomes, intended }),
  };
}
