import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { CommandRecord } from "../../../../lambda/core/gate/apply-commands.ts";
import type { Stop } from "../../../../lambda/core/gate/decision.ts";
import { openTable } from "../../../../lambda/ledger/table.ts";
import { listenOnLoopback, readBody } from "../../../../local/aws/loopback.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { useTable } from "./use-table.ts";

const { ledger, table, scan, listen } = useTable();

function aCommand(id: string, changes: Partial<CommandRecord> = {}): CommandRecord {
  return {
    id,
    command: "skip-bake",
    requestedBy: "ann",
    reason: "it is urgent",
    at: "2026-11-23T02:00:00Z",
    ...changes,
  };
}

async function readIds(rolloutId = "night"): Promise<readonly string[]> {
  return (await ledger.readGateInputs(rolloutId)).commands.map(({ id }) => id);
}

/** The rollout has so many commands, and of them so many to abort. */
async function fill(count: number, aborts = 0): Promise<void> {
  const commands = Array.from({ length: count }, (_, index) =>
    aCommand(`c-${index}`, { command: index < count - aborts ? "skip-bake" : "abort" }),
  );
  await table.put({ pk: "rollout#night", sk: "commands" }, { commands, count });
}

/** Says of every item, so many times, that it is to be asked for again. */
async function startReluctantDynamoDb(times: number) {
  let asked = 0;
  const server = await listenOnLoopback(async (request, response) => {
    const body = await readBody(request);
    asked += 1;
    const { RequestItems } = JSON.parse(body);
    const responses = { ledger: [{ pk: { S: `asked ${asked}` }, sk: { S: "b" }, schemaVersion: { N: "1" } }] };
    const reply = asked <= times ? { UnprocessedKeys: RequestItems } : { Responses: responses };
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(reply));
  });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: server.address, region: "us-east-1", credentials });
  return {
    table: openTable(client, "ledger"),
    asked: () => asked,
    close: () => {
      client.destroy();
      return server.close();
    },
  };
}

describe("the commands of a rollout", () => {
  test("are stored in the order of arrival, apart from those of other rollouts", async () => {
    const pause = aCommand("one", { command: "pause", pauseSeconds: 3_600 });
    const abort = aCommand("two", { command: "abort", rollback: false });
    await ledger.addCommand("night", pause);
    await ledger.addCommand("night", abort);
    await ledger.addCommand("noon", aCommand("three"));

    expect((await ledger.readGateInputs("night")).commands).toEqual([pause, abort]);
    expect(await readIds("noon")).toEqual(["three"]);
    expect(await readIds("unknown")).toEqual([]);
  });

  test("are stored once when they are sent twice, and the first stays", async () => {
    await ledger.addCommand("night", aCommand("one"));
    await ledger.addCommand("night", aCommand("two"));

    expect(await ledger.addCommand("night", aCommand("one", { command: "abort" }))).toBe("known");
    expect((await ledger.readGateInputs("night")).commands).toEqual([aCommand("one"), aCommand("two")]);
  });

  test("are each stored once when eight are sent at the same time", async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `c-${index % 4}`);
    const answers = await Promise.all(ids.map((id) => ledger.addCommand("night", aCommand(id))));

    expect([...(await readIds())].sort()).toEqual([...new Set(ids)].sort());
    expect(answers.filter((answer) => answer === "added")).toHaveLength(4);
    expect(answers.filter((answer) => answer === "known")).toHaveLength(4);
  });

  test("are at most 90, and ten more for abort", async () => {
    const abort = (id: string) => ledger.addCommand("night", aCommand(id, { command: "abort" }));
    await fill(89);
    expect(await ledger.addCommand("night", aCommand("90th"))).toBe("added");
    expect(await ledger.addCommand("night", aCommand("91st"))).toBe("full");
    expect(await ledger.addCommand("night", aCommand("90th"))).toBe("known");
    expect(await abort("91st")).toBe("added");
    await fill(99, 9);
    expect(await abort("100th")).toBe("added");
    expect(await abort("101st")).toBe("full");
    expect(await readIds()).toHaveLength(100);
  });

  test("fit into one item when each has the largest size", async () => {
    const long = { requestedBy: "電".repeat(128), reason: "電".repeat(500) };
    await Promise.all([1, 2].map((index) => ledger.addCommand("night", aCommand(`long-${index}`, long))));
    const [item] = await scan();
    expect((Buffer.byteLength(JSON.stringify(item)) / 2) * 100).toBeLessThan(400_000);
  });

  test("expire with the rollout", async () => {
    await ledger.addCommand("night", aCommand("one"));
    expect(await scan()).toEqual([expect.objectContaining({ pk: "rollout#night", expiresAt: expect.any(Number) })]);
  });
});

describe("the inputs of a gate", () => {
  test("are the commands and the controls, in one consistent request", async () => {
    const order = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00Z" };
    await ledger.changeControls({ ...order, change: "stop-everything" });
    await ledger.addCommand("night", aCommand("one"));
    const requests: string[] = [];
    await listen(({ operation, phase, body }) => {
      if (phase === "arrived") requests.push(`${operation} ${JSON.stringify(JSON.parse(body).RequestItems)}`);
      return undefined;
    });

    expect(await ledger.readGateInputs("night")).toEqual({
      controls: { fence: 0, revision: 1, stopped: order, holds: {}, protectedIds: [] },
      commands: [aCommand("one")],
    });
    expect(requests).toEqual([expect.stringMatching(/^BatchGetItem .*"ConsistentRead":true/)]);
  });

  test.each([
    [2, 3],
    [100, 8],
  ])("are requested again when DynamoDB leaves items out %i times", async (times, expected) => {
    const reluctant = await startReluctantDynamoDb(times);
    const answer = reluctant.table.getAll([
      { pk: "none", sk: "a" },
      { pk: "asked 3", sk: "b" },
    ]);
    if (times > 8) await expect(answer).rejects.toThrow("DynamoDB left items of ledger out 8 times");
    else expect(await answer).toEqual([undefined, { pk: "asked 3", sk: "b" }]);
    expect(reluctant.asked()).toBe(expected);
    await reluctant.close();
  });

  test("are empty before the first write", async () => {
    expect(await ledger.readGateInputs("night")).toEqual({
      controls: { fence: 0, holds: {}, protectedIds: [] },
      commands: [],
    });
  });
});

const stopFor = (reason: string): Stop => ({
  decision: "roll back",
  cause: "alarm",
  reasons: [{ code: "alarm", alarm: reason, state: "ALARM" }],
});
const AT = "2026-11-23T02:00:00.000Z";

test("the first stop of a rollout stays, with the rollout's gate inputs only", async () => {
  expect(await ledger.readGateInputs("night")).not.toHaveProperty("stop");

  await ledger.latchStop("night", stopFor("calls drop"));
  await ledger.latchStop("night", stopFor("errors"));

  expect((await ledger.readGateInputs("night")).stop).toEqual(stopFor("calls drop"));
  expect(await ledger.readGateInputs("noon")).not.toHaveProperty("stop");
});

test("the ledger keeps the last gate state of a rollout", async () => {
  expect(await ledger.findGateState("night")).toBeUndefined();
  const first = { at: AT, bakeLeftSeconds: 300, noData: [], alarms: [], commandsSeen: 0, pauseLeftSeconds: 0 };
  const last = {
    ...first,
    bakeLeftSeconds: 60,
    noData: [{ code: "alarm", alarm: "calls-drop", state: "missing" } as const],
  };

  await ledger.saveGateState("night", first);
  await ledger.saveGateState("night", last);

  expect(await ledger.findGateState("night")).toEqual(last);
});
