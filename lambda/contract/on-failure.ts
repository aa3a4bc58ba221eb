import * as z from "zod";

/** What happens when a gate fails. */
export const OnFailure = z.enum(["rollback", "halt"], {
  error:
    'expected "rollback" (restore what the rollout flipped) or "halt" (leave every customer as it is, ask a person)',
});
