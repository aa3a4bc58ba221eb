import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { createAlarmReader } from "../../../../lambda/aws/alarms.ts";
import { type CloudWatch, startCloudWatch } from "../../../../local/aws/cloud-watch.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { listenOnLoopback } from "../../../../local/aws/loopback.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

let cloudWatch: CloudWatch;
let client: CloudWatchClient;

async function given(alarms: Parameters<typeof startCloudWatch>[0]) {
  cloudWatch = await startCloudWatch(alarms);
  return connect(cloudWatch.address);
}

function connect(address: string) {
  Object.assign(process.env, localAwsEnvironment({ cloudWatch: address }));
  client = new CloudWatchClient({ retryStrategy: { acquireInitialRetryToken, ...NO_PATIENCE } });
  return createAlarmReader(client);
}

/** Two tries, without a wait between them. */
const token = { getRetryCount: () => 0, getRetryDelay: () => 0 };
const acquireInitialRetryToken = async () => token;
let tries = 0;
const NO_PATIENCE = {
  refreshRetryTokenForRetry: async () => {
    tries += 1;
    if (tries >= 2) throw new Error("no more tries");
    return token;
  },
  recordSuccess: () => {},
};

/** Fails the calls of the client with such an input. */
function failWhen(isSuch: (input: object) => boolean) {
  const step = { step: "initialize" } as const;
  client.middlewareStack.add(
    (next) => (args) => {
      if (isSuch(args.input)) throw new RangeError("cut off");
      return next(args);
    },
    step,
  );
}

beforeEach(() => {
  tries = 0;
});

afterEach(async () => {
  client.destroy();
  await cloudWatch.close();
});

describe("alarms", () => {
  test("of every type are read in the order of their names, with their reasons", async () => {
    const read = await given({
      alarms: {
        "calls failing": { state: "ALARM", reason: "3 datapoints were greater than 5" },
        "anything wrong": { state: "OK", kind: "composite" },
        "registrations dropped": { state: "INSUFFICIENT_DATA" },
        "errors in the log": { state: "ALARM", kind: "log", reason: "7 lines matched" },
        "not asked for": { state: "ALARM" },
      },
    });
    expect(await read(["registrations dropped", "errors in the log", "anything wrong", "calls failing"])).toEqual([
      { name: "registrations dropped", state: "INSUFFICIENT_DATA", reason: "it is INSUFFICIENT_DATA" },
      { name: "errors in the log", state: "ALARM", reason: "7 lines matched" },
      { name: "anything wrong", state: "OK", reason: "it is OK" },
      { name: "calls failing", state: "ALARM", reason: "3 datapoints were greater than 5" },
    ]);
  });

  test("that do not exist are missing; without names CloudWatch gets no call", async () => {
    const read = await given({ alarms: { gone: { state: "missing" } } });
    expect(await read(["gone", "never there"])).toEqual([
      { name: "gone", state: "missing" },
      { name: "never there", state: "missing" },
    ]);
    expect(await read([])).toEqual([]);
    expect(cloudWatch.calls()).toHaveLength(1);
  });

  test.each([
    [100, [100]],
    [101, [100, 1]],
  ])("of %i names are read with calls of %j names", async (number, calls) => {
    const names = Array.from({ length: number }, (_, index) => `alarm ${index}`);
    const read = await given({ alarms: Object.fromEntries(names.map((name) => [name, { state: "OK" as const }])) });
    expect((await read(names)).map(({ name, state }) => [name, state])).toEqual(names.map((name) => [name, "OK"]));
    const lengths = cloudWatch.calls().map(({ length }) => length);
    expect(lengths.sort((a, b) => b - a)).toEqual(calls);
  });

  test("in several pages are read to the last page", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const alarms = Object.fromEntries(names.map((name) => [name, { state: "OK" as const }]));
    const read = await given({ alarms, pageSize: 2 });
    expect((await read(names)).map(({ state }) => state)).toEqual(Array.from(names, () => "OK"));
    expect(cloudWatch.calls()).toHaveLength(3);
  });
});

describe("an alarm that is OK again", () => {
  const isOk = [{ name: "calls", state: "OK", reason: "it is OK" }];
  const RANG = [{ name: "calls", state: "ALARM", reason: expect.stringMatching(/^at 20.+ UTC; since then OK$/) }];

  async function givenRing(kind: "metric" | "composite") {
    const read = await given({ alarms: { calls: { state: "OK", kind } } });
    const since = Date.now();
    cloudWatch.setAlarm("calls", { state: "ALARM", kind });
    for (let n = 0; n < 60; n += 1)
      for (const state of ["INSUFFICIENT_DATA", "OK"] as const) cloudWatch.setAlarm("calls", { state, kind });
    return { read, since };
  }

  test.each(["metric", "composite"] as const)("and rang since the last reading is in ALARM (%s)", async (kind) => {
    const { read, since } = await givenRing(kind);
    expect(await read(["calls"], since)).toEqual(RANG);
  });

  test("and rang before, or was not read before, is OK", async () => {
    const { read } = await givenRing("metric");
    expect(await read(["calls"])).toEqual(isOk);
    expect(await read(["calls"], Date.now() + 1)).toEqual(isOk);
  });

  test("and has changed without a ring is as it is now", async () => {
    const read = await given({ alarms: { calls: { state: "INSUFFICIENT_DATA" } } });
    const since = Date.now() - 1_000;
    cloudWatch.setAlarm("calls", { state: "OK" });
    expect(await read(["calls"], since)).toEqual(isOk);
  });

  test("is unreadable when its history cannot be read", async () => {
    const { read, since } = await givenRing("metric");
    failWhen((input) => "HistoryItemType" in input);
    expect(await read(["calls"], since)).toEqual([{ name: "calls", state: "unreadable", reason: "RangeError" }]);
  });
});

describe("when CloudWatch cannot be asked", () => {
  test("every alarm is unreadable without the permission, with only the error's name", async () => {
    const read = await given({ alarms: { one: { state: "OK" } } });
    cloudWatch.deny();
    expect(await read(["one", "two"])).toEqual([
      { name: "one", state: "unreadable", reason: "AccessDenied" },
      { name: "two", state: "unreadable", reason: "AccessDenied" },
    ]);
    cloudWatch.allow();
    expect(await read(["one"])).toMatchObject([{ state: "OK" }]);
  });

  test("the SDK repeats a call after a fault", async () => {
    const read = await given({ alarms: { one: { state: "OK" } } });
    cloudWatch.failNext(1, "InternalServiceError");
    expect(await read(["one"])).toMatchObject([{ state: "OK" }]);
    expect(cloudWatch.calls()).toHaveLength(2);
  });

  test("alarms that were read before the error count, and only the others are unreadable", async () => {
    const read = await given({ alarms: { a: { state: "ALARM" }, b: { state: "OK" } }, pageSize: 1 });
    failWhen((input) => "NextToken" in input && input.NextToken !== undefined);
    expect(await read(["a", "b"])).toEqual([
      { name: "a", state: "ALARM", reason: "it is ALARM" },
      { name: "b", state: "unreadable", reason: "RangeError" },
    ]);
  });

  test("an unknown state does not pass", async () => {
    const read = await given({ alarms: { one: { state: "DROWSY" as "OK" } } });
    expect(await read(["one"])).toEqual([{ name: "one", state: "unreadable", reason: "its state is DROWSY" }]);
  });

  test("the reading ends at its time limit", async () => {
    cloudWatch = await startCloudWatch();
    const silent = await listenOnLoopback(() => new Promise(() => {}));
    connect(silent.address);
    expect(await createAlarmReader(client, 50)(["one"])).toEqual([
      { name: "one", state: "unreadable", reason: expect.stringMatching(/Abort|Timeout/) },
    ]);
    await silent.close();
  });
});
