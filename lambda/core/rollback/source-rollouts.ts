import type { FlipEvent } from "../../contract/deploy-event.ts";

/** That a rollout began to flip. */
export interface FlipsNote {
  readonly rolloutId: string;
  readonly action: "stage" | "promote";
}

/** The rollouts that a rollback undoes or a retry continues, the newest first. All have one release and one action. */
export interface SourceRollouts {
  readonly rollouts: readonly { readonly rolloutId: string; readonly batches: number }[];
  readonly action: "stage" | "promote";
  readonly release: string;
  /** The strategy and limits of its event. A retry keeps them unless its own event says otherwise. */
  readonly how?: Pick<FlipEvent, "strategy" | "onFailure" | "limits"> | undefined;
}

/**
 * The source of a rollout that rolls itself back: the batches that it may have begun. At most two batches are open: the
 * first that is not finished, and the batch after it, which is prepared during its last flips.
 */
export function toOwnSource(
  { rolloutId, event: { action, release } }: { readonly rolloutId: string; readonly event: FlipEvent },
  { batch }: { readonly batch: number },
  batches: number,
): SourceRollouts {
  return { rollouts: [{ rolloutId, batches: Math.min(batch + 2, batches) }], action, release };
}
