import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Environment } from "../../../infra/environment.ts";
import type { WebhookMetric } from "../../../lambda/webhook/ports.ts";
import { describe, expect, test } from "../../support/jest.ts";
import { propertiesOf, ROOT, synthesize, type Templates, WITH_WEBHOOK } from "../make-stack.ts";
import { type Measured, measureRollout } from "../measure-rollout.ts";
import { WORKER_METRICS } from "../ring-alarms.ts";

const WEBHOOK_METRICS = Object.keys({
  WebhookAccepted: true,
  WebhookIgnored: true,
  WebhookFailed: true,
  SignatureRefused: true,
} satisfies Record<WebhookMetric, true>);

const readDocument = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

describe("the runbook", () => {
  const runbook = readDocument("runbook.md");
  const [, alarms = "", errors = ""] = runbook.split(/^## (?:Alarms|Errors)$/m);

  test("has a section for each alarm, and for no other", () => {
    const deployed = propertiesOf(synthesize(WITH_WEBHOOK), "AWS::CloudWatch::Alarm").map(({ AlarmName }) =>
      String(AlarmName).replace("cutover-production-", ""),
    );
    const written = [...alarms.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(written.sort()).toEqual(deployed.sort());
  });

  test("the reference of changes names each metric, in one row with those of its kind", () => {
    const changes = readDocument("changes.md");
    const [, table = ""] = changes.split("## Metrics");
    for (const name of WORKER_METRICS) expect(table).toContain(`\`${name}\``);
  });

  test("is where every alarm sends its reader", () => {
    for (const { AlarmDescription } of propertiesOf(synthesize(WITH_WEBHOOK), "AWS::CloudWatch::Alarm"))
      expect(AlarmDescription).toMatch(/docs\/runbook\.md, "[a-z-]+"/);
  });

  test("explains each error of the code, and no other", () => {
    const files = readdirSync(join(ROOT, "lambda"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const thrown = files.flatMap((file) =>
      [...readFileSync(join(ROOT, "lambda", file), "utf8").matchAll(/class (\w+Error)\b/g)].map(([, name]) => name),
    );
    const explained = [...errors.matchAll(/^\| `(\w+Error)` \| \S.* \| \S.* \|$/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual(thrown.sort());
  });
});

describe("the guide to a deploy", () => {
  const guide = readDocument("deploy.md");

  test("shows the configuration that ships", () => {
    const [, shown] = /```ts config\n([\s\S]+?)```/.exec(guide) ?? [];
    expect(shown).toBe(readFileSync(join(ROOT, "infra/config.ts"), "utf8"));
  });

  test("names every member of the configuration", () => {
    for (const name of Object.keys(Environment.shape)) expect(guide).toContain(`| \`${name}\` |`);
  });
});

describe("what the cost page counts", () => {
  test("of alarms, their metrics and the product's own metrics is exactly what is deployed", () => {
    const least = synthesize();
    const most = synthesize(WITH_WEBHOOK);
    const alarmsOf = (templates: Templates) => propertiesOf(templates, "AWS::CloudWatch::Alarm");
    const metricsOf = (templates: Templates) =>
      alarmsOf(templates).flatMap(({ Metrics }) => Metrics?.filter((each: object) => "MetricStat" in each) ?? [0]);
    const [, ...counts] = /^\| alarms, (\d+) to (\d+) of (\d+) to (\d+) metrics/m.exec(readDocument("cost.md")) ?? [];
    expect(counts.map(Number)).toEqual([
      alarmsOf(least).length,
      alarmsOf(most).length,
      metricsOf(least).length,
      metricsOf(most).length,
    ]);
    const own = /^\| the product's own metrics, (\d+) to (\d+),/m.exec(readDocument("cost.md")) ?? [];
    expect(own.slice(1).map(Number)).toEqual([WORKER_METRICS.length, WORKER_METRICS.length + WEBHOOK_METRICS.length]);
  });

  test("is what a rollout of 1,000 flips and its status ask for, in one wave and in several", async () => {
    const cost = readDocument("cost.md");
    const [requests, writes, reads, operations] = readRow(cost, "1,000", [1, 2, 3, 5]);
    const wave = readRow(cost, "each further wave");
    const look = readRow(cost, "each poll of a gate");
    const bake = readRow(cost, "each poll of a bake or a pause, besides");
    const atOnce = await measureRollout(1_000);
    expectNear(atOnce, { flipped: 1_000, operations, requests, writes, reads });
    const [, units] = /outcomes read .*?: (\d+) read units when 1,000/s.exec(cost) ?? [];
    expect(Math.abs(atOnce.readUnitsOfStatus - Number(units))).toBeLessThanOrEqual(2);

    // In two waves of one batch each, and in two batches of one wave.
    const inOneWave = await measureRollout(300);
    const inWaves = await measureRollout(300, {
      waves: [
        { share: "50%", bakeMinutes: 10 },
        { rest: true, bakeMinutes: 0 },
      ],
    });
    // The flips and the verification of each wave read the alarms too. The last wave has no bake, and its gate looks once.
    const [waves, looks] = [1, 11];
    expect(inWaves.looks - inOneWave.looks).toBe(looks + 2 * waves);
    const more = (counted: number, index: number) =>
      counted + waves * Number(wave[index]) + looks * (Number(look[index]) + Number(bake[index]));
    expectNear(inWaves, {
      flipped: 300,
      operations: more(inOneWave.durableOperations, 3),
      requests: more(inOneWave.ledgerRequests, 0),
      writes: more(inOneWave.writeUnits, 1),
      reads: more(inOneWave.readUnits, 2),
    });
  });
});

/** The numbers of a row of one of the page's tables, those of some of its columns. */
function readRow(page: string, name: string, columns: readonly number[] = [1, 2, 3, 4]): readonly number[] {
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`)) ?? "";
  const cells = row.split("|").slice(1, -1);
  const numbers = columns.map((column) => Number(cells[column]?.replaceAll(",", "") || Number.NaN));
  expect(numbers).not.toContain(Number.NaN);
  return numbers;
}

interface Written {
  readonly flipped: number;
  readonly operations: number | undefined;
  readonly requests: number | undefined;
  readonly writes: number | undefined;
  readonly reads: number | undefined;
}

/** A slow machine looks at the lock a few times more. */
function expectNear(measured: Measured, { flipped, operations, ...written }: Written): void {
  expect(measured).toMatchObject({ flipped, durableOperations: operations });
  const { ledgerRequests: requests, writeUnits: writes, readUnits: reads } = measured;
  for (const [name, counted] of Object.entries({ requests, writes, reads })) {
    const expected = Number(written[name as keyof typeof written]);
    expect({ [name]: counted }).toEqual({
      [name]: Math.abs(counted - expected) <= 0.1 * expected ? counted : expected,
    });
  }
}
