import { contend, inParallel, signIn } from "./contest.ts";

/** A plain loop of the built-in fetch without checks. It reads the body only to free the connection. */
contend(async ({ emulator, ids, concurrency }) => {
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    cookie: await signIn(emulator),
  };
  return (isStaging, flips) =>
    inParallel(ids.slice(0, flips), concurrency, async (customerId) => {
      const response = await fetch(`${emulator.address}/customers/${customerId}/staging`, {
        method: "POST",
        headers,
        body: JSON.stringify({ customerId, isStaging }),
      });
      await response.arrayBuffer();
    });
});
