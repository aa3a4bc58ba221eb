/** A client's middleware is put together once for each kind of call, not for each call: no middleware is added here. */
const cacheMiddleware = true;

/** For every AWS client: a socket that hangs costs seconds, not the rest of an invocation. The SDK tries again by itself. */
export const CLIENT_OPTIONS = {
  cacheMiddleware,
  // Without the last of them the SDK only logs that the time is over.
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
} as const;

/** For the doors, whose callers wait: GitHub for ten seconds, Lambda for thirty, with up to three tries of each call. */
export const DOOR_CLIENT_OPTIONS = {
  cacheMiddleware,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
} as const;
