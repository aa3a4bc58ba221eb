/** The SDK builds a client's middleware once for each kind of call; safe, because Cutover adds no middleware. */
const cacheMiddleware = true;

/** For every AWS client: a socket that hangs costs seconds, not the whole invocation. The SDK repeats the call. */
export const CLIENT_OPTIONS = {
  cacheMiddleware,
  // Without throwOnRequestTimeout the SDK only logs that the time is over.
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
} as const;

/** For the doors, because their callers wait: GitHub for ten seconds, Lambda for thirty. The SDK tries a call three times. */
export const DOOR_CLIENT_OPTIONS = {
  cacheMiddleware,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
} as const;
