import * as z from "zod";

/** What a gate does that does not pass. */
export const OnFailure = z.enum(["rollback", "halt"], {
  error: 'expected "rollback" (flip back what the rollout flipped) or "halt" (leave all as it is, ask a person)',
});
