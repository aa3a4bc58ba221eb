import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Template } from "aws-cdk-lib/assertions";
import { InfraConfig } from "../../infra/config-schema.ts";
import type { ChangeMetric } from "../../lambda/aws/change-metrics.ts";
import type { WorkerMetric } from "../../lambda/aws/worker-metrics.ts";
import type { WebhookMetric } from "../../lambda/webhook/ports.ts";
import { GITHUB_SOURCE, POLICY, ROOT, synthesize } from "./make-stack.ts";
import { measureRollout } from "./measure-rollout.ts";

const WORKER_METRICS = Object.keys({
  RolloutSucceeded: true,
  RolloutPartial: true,
  RolloutRolledBack: true,
  RolloutHalted: true,
  RolloutAborted: true,
  RolloutFailed: true,
  RolloutRefused: true,
  SignInRefused: true,
  Flipped: true,
  Unchanged: true,
  Deferred: true,
  Skipped: true,
  Failed: true,
  RolloutStarted: true,
  GateProceeded: true,
  GateRolledBack: true,
  GateHalted: true,
  FlippedBack: true,
  LeftAlone: true,
  NotFlippedBack: true,
  TellFailed: true,
} satisfies Record<WorkerMetric | ChangeMetric, true>);
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
    const template = synthesize({
      policy: { ...POLICY, webhooks: { github: GITHUB_SOURCE } },
      webhooks: { github: { create: "cutover/github" } },
    });
    const deployed = Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) =>
      String(Properties.AlarmName).replace("cutover-production-", ""),
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
    for (const { Properties } of Object.values(synthesize().findResources("AWS::CloudWatch::Alarm")))
      expect(Properties.AlarmDescription).toMatch(/docs\/runbook\.md, "[a-z-]+"/);
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

  test("shows a configuration that is valid", () => {
    const [, json = ""] = /```json\n([\s\S]+?)```/.exec(guide) ?? [];
    expect(InfraConfig.safeParse(JSON.parse(json)).error).toBeUndefined();
  });

  test("names every member of the configuration", () => {
    const [, members] = /expected only the members (.+)$/m.exec(
      InfraConfig.safeParse({ environments: [{ unknown: true }] }).error?.message ?? "",
    ) ?? ["", ""];
    const names = String(members)
      .replace(/["',]+$/, "")
      .split(", ");
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(guide).toContain(`\`${name}\``);
  });

  test("names only documents that are there", () => {
    for (const document of ["ci.md", "deploy.md", "cost.md", "runbook.md", "triggers.md"]) {
      for (const [, link = ""] of readDocument(document).matchAll(/\]\(([\w-]+\.md)\)/g))
        expect(readdirSync(join(ROOT, "docs"))).toContain(link);
    }
  });
});

describe("what the cost page counts", () => {
  test("of alarms, their metrics and the product's own metrics is what is deployed, at least and at most", () => {
    const least = synthesize();
    const most = synthesize({
      policy: { ...POLICY, webhooks: { github: GITHUB_SOURCE } },
      webhooks: { github: { create: "cutover/github" } },
    });
    const alarmsOf = (template: Template) =>
      Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);
    const metricsOf = (template: Template) =>
      alarmsOf(template).flatMap(({ Metrics }) => Metrics?.filter((each: object) => "MetricStat" in each) ?? [0]);
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

  beforeAll(() => LocalDurableTestRunner.setupTestEnvironment());
  afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

  test("is what a rollout of 1,000 flips asks for", async () => {
    const [, requests, writes, reads, , operations] =
      /^\| 1,000 \| (\d+) \| (\d+) \| (\d+) \| (.+?) \| (\d+) \|$/m.exec(readDocument("cost.md")) as RegExpExecArray;
    const measured = await measureRollout(1_000);
    expect(measured).toMatchObject({ flipped: 1_000, durableOperations: Number(operations) });
    // A slow machine looks at the lock a few times more.
    const isNear = (counted: number, written: string | undefined) =>
      Math.abs(counted - Number(written)) <= 0.1 * Number(written);
    expect({
      requests: isNear(measured.ledgerRequests, requests),
      writes: isNear(measured.writeUnits, writes),
      reads: isNear(measured.readUnits, reads),
    }).toEqual({ requests: true, writes: true, reads: true });
  });
});
