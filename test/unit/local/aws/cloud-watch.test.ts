import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { type CloudWatch, startCloudWatch } from "../../../../local/aws/cloud-watch.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";

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

test("an alarm changes at the planned call, and not before", async () => {
  cloudWatch.changeLater("one", { atCall: 2 }, { state: "ALARM" });
  cloudWatch.changeLater("one", { atCall: 4 }, { state: "missing" });
  const states = [await stateOf("one"), await stateOf("one"), await stateOf("one"), await stateOf("one")];
  expect(states).toEqual(["OK", "ALARM", "ALARM", undefined]);
});

test("an alarm changes after some time", async () => {
  cloudWatch.changeLater("one", { afterMs: 3_600_000 }, { state: "ALARM" });
  expect(await stateOf("one")).toBe("OK");
  cloudWatch.changeLater("one", { afterMs: 0 }, { state: "INSUFFICIENT_DATA" });
  expect(await stateOf("one")).toBe("INSUFFICIENT_DATA");
});

test("a role without the permission is denied, and more than a hundred names are refused", async () => {
  cloudWatch.deny();
  await expect(stateOf("one")).rejects.toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
  cloudWatch.allow();
  const AlarmNames = Array.from({ length: 101 }, (_, index) => `${index}`);
  await expect(client.send(new DescribeAlarmsCommand({ AlarmNames }))).rejects.toMatchObject({
    name: "ValidationException",
  });
});
