import { AlarmType, CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type CloudWatch, startCloudWatch } from "../../../../local/aws/cloud-watch.ts";

let cloudWatch: CloudWatch;
let client: CloudWatchClient;

beforeEach(async () => {
  cloudWatch = await startCloudWatch({
    alarms: { one: { state: "OK" }, all: { state: "OK", kind: "composite" }, lines: { state: "OK", kind: "log" } },
  });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new CloudWatchClient({ endpoint: cloudWatch.address, region: "us-east-1", credentials, maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await cloudWatch.close();
});

async function stateOf(name: string): Promise<string | undefined> {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return MetricAlarms[0]?.StateValue;
}

test.each([
  [undefined, ["one"]],
  [[AlarmType.CompositeAlarm], ["all"]],
  [[AlarmType.LogAlarm], ["lines"]],
  [Object.values(AlarmType), ["all", "lines", "one"]],
])("of the types %j, which default to metric alarms, it gives %j", async (AlarmTypes, names) => {
  const { MetricAlarms, CompositeAlarms, LogAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmTypes }));
  const given = [MetricAlarms, CompositeAlarms, LogAlarms].flatMap((alarms = []) =>
    alarms.map(({ AlarmName }) => AlarmName),
  );
  expect(given.sort()).toEqual(names);
});

test("a type that CloudWatch does not have is refused", async () => {
  const AlarmTypes = ["SmokeAlarm" as AlarmType];
  await expect(client.send(new DescribeAlarmsCommand({ AlarmTypes }))).rejects.toMatchObject({
    name: "ValidationException",
  });
});

test("an alarm changes at the ordered call, and not before", async () => {
  cloudWatch.changeLater("one", { atCall: 2 }, { state: "ALARM" });
  cloudWatch.changeLater("one", { atCall: 4 }, { state: "missing" });
  const states = [await stateOf("one"), await stateOf("one"), await stateOf("one"), await stateOf("one")];
  expect(states).toEqual(["OK", "ALARM", "ALARM", undefined]);
});

test("calls for other alarms do not count", async () => {
  cloudWatch.changeLater("one", { atCall: 2 }, { state: "ALARM" });
  await stateOf("another");
  expect(await stateOf("one")).toBe("OK");
  expect(cloudWatch.calls()).toEqual([["another"], ["one"]]);
});

test("an alarm changes after some time", async () => {
  cloudWatch.changeLater("one", { afterMs: 30 }, { state: "INSUFFICIENT_DATA" });
  expect(await stateOf("one")).toBe("OK");
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(await stateOf("one")).toBe("INSUFFICIENT_DATA");
});

test("a role without the right is denied, and more than a hundred names are refused", async () => {
  cloudWatch.deny();
  await expect(stateOf("one")).rejects.toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
  cloudWatch.allow();
  const AlarmNames = Array.from({ length: 101 }, (_, index) => `${index}`);
  await expect(client.send(new DescribeAlarmsCommand({ AlarmNames }))).rejects.toMatchObject({
    name: "ValidationException",
  });
});

test("calls are denied from one on, so many", async () => {
  cloudWatch.denyLater(2, 2);
  const states: string[] = [];
  for (let calls = 0; calls < 4; calls += 1) states.push((await stateOf("one").catch(({ name }: Error) => name)) ?? "");
  expect(states).toEqual(["OK", "AccessDenied", "AccessDenied", "OK"]);
});

test("the SDK speaks AWS JSON 1.0 with the errors of the query protocol", async () => {
  const sent: unknown[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      sent.push((args.request as { headers: unknown }).headers);
      return next(args);
    },
    { step: "finalizeRequest" },
  );
  await stateOf("one");
  expect(sent).toMatchObject([
    {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "GraniteServiceVersion20100801.DescribeAlarms",
      "x-amzn-query-mode": "true",
    },
  ]);
});
