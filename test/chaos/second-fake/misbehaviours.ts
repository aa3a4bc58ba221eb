/** What the second fake can do wrong, each by itself or several at once. */
export const MISBEHAVIOURS = [
  "reads-lag",
  "writes-late",
  "writes-overtake",
  "write-after-timeout",
  "not-applied",
  "done-but-4xx",
  "done-but-5xx",
  "done-but-dropped",
  "throttled",
  "throttled-for-a-while",
  "sessions-end",
  "sign-in-down",
  "empty-without-items",
  "created",
  "deleted",
  "moved",
  "swapped",
  "settings-of-one-account",
  "writes-unauthorized",
  "gzip-unasked",
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];
