import { afterEach, expect, test } from "@jest/globals";
import { createEvoVoice } from "../../../../../lambda/evovoice/evo-voice.ts";
import { type Emulator, startEmulator } from "../../../../../local/emulator/emulator.ts";

let emulator: Emulator;

afterEach(() => emulator.close());

test("a client with a limit of 1,000 a second finds the pace of a server that allows 100", async () => {
  emulator = await startEmulator({ customers: 200, faults: "rate-limit=100", stagingShare: 1 });
  const { address: baseUrl, userName, password } = emulator;
  const evoVoice = createEvoVoice({
    baseUrl,
    retries: { attempts: 2, requestTimeoutMs: 10_000, mostBackoffMs: 50 },
    session: {
      readLogin: async () => ({ userName, password, versionId: "1" }),
      findRefusal: async () => undefined,
      rememberRefusal: async () => undefined,
      countUnclearSignIn: async () => 1,
      clearUnclearSignIns: async () => undefined,
      reportRefusal: () => undefined,
    },
  });
  const limits = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 1_000 };
  const connection = evoVoice.connect({ limits, concurrency: 16, deadlineMs: Date.now() + 60_000 });
  const ids = [...emulator.customers()].slice(0, 200).map(({ id }) => id);
  const results = await Promise.all(ids.map((customerId) => connection.flip({ customerId, isStaging: false })));
  const { perSecond } = connection.pace();
  connection.close();

  expect(results.filter(({ result }) => result !== "flipped")).toEqual([]);
  expect(emulator.stats().refused429).toBeLessThan(60);
  // A machine that is too busy to send 100 is not refused, and its pace rises: exact paces are in limited-servers.test.ts.
  expect(perSecond).toBeLessThan(500);
});
