/**
 * The durable SDK leaves a timer of 500 ms behind each invocation. Jest gives a worker as long to end after its last file,
 * and then reports a leak. A timer that is waited for fires all the same.
 */
const LEFT_BEHIND_MS = 500;
const { setTimeout: start } = globalThis;

function startUnref(...given: Parameters<typeof start>): ReturnType<typeof start> {
  const timer = start(...given);
  return given[1] === LEFT_BEHIND_MS ? timer.unref() : timer;
}

globalThis.setTimeout = Object.defineProperties(startUnref, Object.getOwnPropertyDescriptors(start)) as typeof start;
