import type { FlipEvent } from "../../contract/deploy-event.ts";

/** The rollouts that a rollback turns back or a retry goes on with, the newest first; all of one release and one action. */
export interface SourceRollouts {
  readonly rollouts: readonly { readonly rolloutId: string; readonly batches: number }[];
  readonly action: "stage" | "promote";
  readonly release: string;
  /** How its event wanted it done: a retry keeps to it unless it says otherwise. */
  readonly how?: Pick<FlipEvent, "strategy" | "onFailure" | "limits"> | undefined;
}
