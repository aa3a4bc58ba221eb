/** For every AWS client: a socket that hangs costs seconds, not the rest of an invocation. The SDK tries again by itself. */
export const CLIENT_OPTIONS = { requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000 } } as const;
