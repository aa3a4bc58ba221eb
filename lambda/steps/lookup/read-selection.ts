import type { FlipEvent } from "../../contract/deploy-event.ts";
import { FinalError } from "../../core/final-error.ts";
import { type Selection, toSelection } from "../../core/lookup/selection.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";

type Records = Pick<Ports["ledger"], "findRollout">;

/**
 * Reads which customers a rollout selects. A retry selects what its source rollout selected, without the customers that
 * the first event, this event or a retry between them excludes. The events come from the ledger, because an event may be
 * as large as a checkpoint.
 */
export async function readSelection(
  { ledger, policy }: { readonly ledger: Records; readonly policy: Ports["policy"] },
  { event, source }: Pick<FlipRollout, "event" | "source">,
): Promise<Selection> {
  if (source === undefined) return toSelection(event, policy);
  const { targets, exclude = [] } = await readTargets(ledger, source);
  return toSelection({ ...event, targets, exclude: [...exclude, ...(event.exclude ?? [])] }, policy);
}

async function readTargets(
  ledger: Records,
  { rollouts: [latest] }: SourceRollouts,
): Promise<Pick<FlipEvent, "targets" | "exclude">> {
  const record = latest && (await ledger.findRollout(latest.rolloutId));
  if (record === undefined || record.event.action === "rollback")
    throw new FinalError({ code: "unknown-targets", rolloutId: latest?.rolloutId ?? "(none)" });
  const { event, source } = record;
  if (event.action !== "retry") return event;
  const { targets, exclude = [] } = await readTargets(ledger, source as SourceRollouts);
  return { targets, exclude: [...exclude, ...(event.exclude ?? [])] };
}
