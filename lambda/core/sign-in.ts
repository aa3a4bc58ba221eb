/** What is known of the sign-ins with one version of the secret, over all invocations. */
export interface SignIns {
  /** Begun since the last success (epoch milliseconds), the oldest first: Evo Voice may have counted each as a wrong password. */
  readonly tries: readonly number[];
  readonly refusedAtMs?: number | undefined;
}

/** Whether a sign-in may begin. */
export type SignInRuling = { readonly kind: "may begin"; readonly atMs: number } | SignInDenial;

/** `spent`: no further try in this day. */
export type SignInDenial =
  | { readonly kind: "refused" }
  | { readonly kind: "too soon"; readonly untilMs: number }
  | { readonly kind: "spent"; readonly untilMs: number };

/** How a sign-in ended: `unseen` when Evo Voice cannot have seen it, `unclear` when its answer was no answer to the login. */
export type SignInEnd = "accepted" | "refused" | "unseen" | "unclear";

/**
 * The API does not say how many wrong passwords lock an account. So there are at most so many tries without a success:
 * three in a quarter of an hour, five in a day. The others spread the tries over the time for which a server is waited for.
 */
const LIMITS = [
  { tries: 1, withinMs: 1_000 },
  { tries: 2, withinMs: 30_000 },
  { tries: 3, withinMs: 15 * 60_000 },
  { tries: 4, withinMs: 30 * 60_000 },
] as const;
export const MOST_TRIES_IN_A_DAY = 5;
const DAY_MS = 24 * 3_600_000;

/** Whether a sign-in may begin now. */
export function ruleSignIn({ tries, refusedAtMs }: SignIns, nowMs: number): SignInRuling {
  if (refusedAtMs !== undefined) return { kind: "refused" };
  const endOf = (limit: number, withinMs: number) => (tries.at(-limit) ?? Number.NEGATIVE_INFINITY) + withinMs;
  const spentUntilMs = endOf(MOST_TRIES_IN_A_DAY, DAY_MS);
  if (spentUntilMs > nowMs) return { kind: "spent", untilMs: spentUntilMs };
  const untilMs = Math.max(...LIMITS.map((limit) => endOf(limit.tries, limit.withinMs)));
  return untilMs > nowMs ? { kind: "too soon", untilMs } : { kind: "may begin", atMs: nowMs };
}

/** What is known after a sign-in that began at `begunAtMs`. */
export function endSignIn(signIns: SignIns, begunAtMs: number, end: SignInEnd): SignIns {
  switch (end) {
    case "accepted":
      return { tries: [] };
    case "refused":
      return { ...signIns, refusedAtMs: begunAtMs };
    case "unseen":
      return { ...signIns, tries: signIns.tries.filter((atMs) => atMs !== begunAtMs) };
    case "unclear":
      return signIns;
  }
}

/** Forgets what was before a person asked to try the login again. */
export function forgetBefore({ tries, refusedAtMs = 0 }: SignIns, askedAtMs: number): SignIns {
  return {
    tries: tries.filter((atMs) => atMs > askedAtMs),
    refusedAtMs: refusedAtMs > askedAtMs ? refusedAtMs : undefined,
  };
}
