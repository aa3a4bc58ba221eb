import { expect, test } from "@jest/globals";
import { createLockCheck, LockLostError, ORDERS_AGE_MS } from "../../../lambda/steps/hold-lock.ts";
import { LOCK } from "./fake-ports.ts";

const OTHER = { ...LOCK, rolloutId: "noon", execution: "arn:noon", fence: 2 };

/** Orders whose first answer shows the lock and takes so long; the second one shows another holder. */
function given(answerMs: number) {
  let clockMs = 1_000_000;
  let reads = 0;
  const readOrders = async () => {
    reads += 1;
    clockMs += reads === 1 ? answerMs : 0;
    return { fence: 2, lock: reads === 1 ? LOCK : OTHER, holds: {}, protectedIds: [] };
  };
  const check = createLockCheck({ ledger: { readOrders }, nowMs: () => clockMs } as never, LOCK);
  return { check, reads: () => reads };
}

test("orders whose answer is too old when it comes are read again: the lock may have been lost meanwhile", async () => {
  const { check, reads } = given(ORDERS_AGE_MS);

  await expect(check.recent()).rejects.toThrow(LockLostError);
  expect(reads()).toBe(2);
});

test("an answer that comes in time is enough, for whoever asks until it is too old", async () => {
  const { check, reads } = given(ORDERS_AGE_MS - 1);

  await Promise.all([check.recent(), check.recent()]);
  expect(reads()).toBe(1);
});
