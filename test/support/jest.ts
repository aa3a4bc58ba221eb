import type * as jestGlobals from "@jest/globals";

/** What a test imports. The light runner gives a test Jest's globals; the package `@jest/globals` throws outside Jest's own runner. */
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } =
  globalThis as unknown as typeof jestGlobals;
