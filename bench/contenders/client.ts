import { createEvoVoice } from "../../lambda/evovoice/evo-voice.ts";
import { contend, inParallel } from "./contest.ts";

const UNLIMITED = { startPerSecond: 100_000, minPerSecond: 1, maxPerSecond: 100_000 };

/** The worker's client with all checks. */
contend(async ({ emulator, ids, concurrency, pace = UNLIMITED }) => {
  const { userName, password } = emulator;
  const evoVoice = createEvoVoice({
    baseUrl: emulator.address,
    retries: { attempts: 4, requestTimeoutMs: 10_000, mostBackoffMs: 8_000 },
    session: {
      readLogin: async () => ({ userName, password, versionId: "1" }),
      beginSignIn: async () => ({ kind: "may begin", atMs: 0 }),
      endSignIn: async () => undefined,
      countRefusal: () => undefined,
    },
  });
  return async (isStaging, flips) => {
    const connection = evoVoice.connect({
      limits: pace,
      concurrency,
      deadlineMs: Date.now() + 600_000,
    });
    const done = await inParallel(ids.slice(0, flips), concurrency, async (customerId) => {
      const { result } = await connection.flip({ customerId, isStaging });
      if (result !== "flipped") throw new Error(`${customerId}: ${result}`);
    });
    connection.close();
    return done;
  };
});
