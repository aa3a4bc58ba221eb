import { Logger } from "@aws-lambda-powertools/logger";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "./jest.ts";
import { TABLE } from "./ledger.ts";
import { expectNoSecrets, startWorld, type World } from "./world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true } };

describe("the search for secrets at the end of every test", () => {
  test.each<{ where: string; plant: (world: World, secret: string) => unknown }>([
    { where: "in the report", plant: ({ run }, secret) => run({ ...PROMOTE, reason: `it is ${secret}` }) },
    { where: "in the error of an execution", plant: ({ run }, secret) => run({ ...PROMOTE, [secret]: true }) },
    { where: "in a log line of the worker's logger", plant: (_, secret) => new Logger().info("x", { secret }) },
    { where: "in a logged error", plant: (_, secret) => new Logger().error("x", new Error(secret)) },
    { where: "on standard error", plant: (_, secret) => void process.stderr.write(`${secret}\n`) },
    {
      where: "in an item of the ledger",
      plant: async (_, secret) => {
        const client = new DynamoDBClient();
        const Item = { pk: { S: "x" }, sk: { S: "x" }, note: { S: secret } };
        await client.send(new PutItemCommand({ TableName: TABLE, Item }));
        client.destroy();
      },
    },
  ])("finds one $where", async ({ plant }) => {
    const world = await startWorld({ customers: 10 });
    await plant(world, world.emulator.password);

    await expect(world.close()).rejects.toThrow("a secret stands in");
  });

  test("knows session ids, and passwords that came later", async () => {
    const world = await startWorld({ customers: 10 });
    await world.run(PROMOTE);
    const [sessionId = ""] = world.emulator.sessionIds();
    world.rotatePassword("Quayside-7!");
    process.stdout.write("Quayside-7!\n");

    await expect(world.close()).rejects.toThrow("a secret stands in");
    expect(() => expectNoSecrets(`x${sessionId}x`, world.emulator)).toThrow("a secret stands in");
  });

  test("sees what the worker logs", async () => {
    const world = await startWorld({ customers: 10 });
    const { report } = await world.run(PROMOTE);

    expect(world.logs().join("\n")).toContain(report.rolloutId);
    await world.close();
  });
});
