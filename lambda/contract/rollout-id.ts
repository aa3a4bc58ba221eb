import * as z from "zod";

const ROLLOUT_ID = "expected the rollout's id, as the answer to its deploy event gave it";

export const RolloutId = z.string({ error: ROLLOUT_ID }).regex(/^[\w-]{1,64}$/, ROLLOUT_ID);
