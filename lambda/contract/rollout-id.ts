import { textMatching } from "./text-matching.ts";

export const RolloutId = textMatching(
  /^[\w-]{1,64}$/,
  "expected the rollout's id, as the answer to its deploy event gave it",
);
