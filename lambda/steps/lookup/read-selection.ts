import type { FlipEvent } from "../../contract/deploy-event.ts";
import { FinalError } from "../../core/final-error.ts";
import { type Selection, toSelection } from "../../core/lookup/selection.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";

type Records = Pick<Ports["ledger"], "findRollout">;

/**
 * Whom a rollout means. A retry means whom the event means whose rest it does; whoever that event, this one, or a retry
 * between them excludes, stays out. It is read here, because an event may be as large as a checkpoint.
 */
export async function readSelection(
  { ledger, policy }: { readonly ledger: Records; readonly policy: Ports["policy"] },
  { event, source }: Pick<FlipRollout, "event" | "source">,
): Promise<Selection> {
  if (source === undefined) return toSelection(event, policy);
  const { targets, exclude = [] } = await readMeant(ledger, source);
  return toSelection({ ...event, targets, exclude: [...exclude, ...(event.exclude ?? [])] }, policy);
}

async function readMeant(
  ledger: Records,
  { rollouts: [latest] }: SourceRollouts,
): Promise<Pick<FlipEvent, "targets" | "exclude">> {
  const record = latest && (await ledger.findRollout(latest.rolloutId));
  if (record === undefined || record.event.action === "rollback")
    throw new FinalError(
      `the ledger does not have the targets of rollout ${latest?.rolloutId}, so no customer was flipped`,
    );
  const { event, source } = record;
  if (event.action !== "retry") return event;
  const { targets, exclude = [] } = await readMeant(ledger, source as SourceRollouts);
  return { targets, exclude: [...exclude, ...(event.exclude ?? [])] };
}
