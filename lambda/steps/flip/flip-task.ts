import { wantedFlag } from "../../contract/deploy-event.ts";
import { settleBeforeFlip } from "../../core/flip/settle-before-flip.ts";
import { createJudge } from "../../core/lookup/selection.ts";
import { dropNeverFlipped } from "../../core/rollback/settle-before-rollback.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";
import type { Task } from "./batch-run.ts";

/** Flips as planned; what comes of a customer is its outcome. */
export async function createFlipTask(
  ports: Pick<Ports, "ledger" | "policy">,
  { rolloutId, event, source }: FlipRollout,
): Promise<Task> {
  const { ledger } = ports;
  const judge = createJudge(await readSelection(ports, { event, source }));
  const flag = wantedFlag(event.action);
  return {
    flag,
    read: (place) => ledger.getBatch(rolloutId, place),
    open({ customers, outcomes, intended }) {
      const begun = new Set(intended);
      return {
        customers,
        outcomes,
        intended,
        settle: (planned, fresh) =>
          settleBeforeFlip({ planned, fresh, wantedFlag: flag, intended: begun.has(planned.id), judge }),
      };
    },
    close: (batch, { outcomes, intended }) => dropNeverFlipped({ ...batch, outcomes, intended }),
  };
}
