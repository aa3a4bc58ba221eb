/** A rollout may stop for these. */
export const MAY_STOP = [
  "write-after-timeout",
  "writes-hang",
  "not-applied",
  "done-but-4xx",
  "done-but-5xx",
  "done-but-dropped",
  "created-anywhere",
  "deleted",
  "moved",
  "swapped",
  "settings-of-one-account",
  "writes-unauthorized",
] as const;

/** What the second fake can do wrong, each by itself or several at once. With the last ten the server can be worked with. */
export const MISBEHAVIOURS = [
  ...MAY_STOP,
  "reads-lag",
  "writes-late",
  "writes-overtake",
  "throttled",
  "throttled-for-a-while",
  "sessions-end",
  "sign-in-down",
  "empty-without-items",
  "created",
  "gzip-unasked",
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];
