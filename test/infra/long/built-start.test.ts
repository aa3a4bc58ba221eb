import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bundleEntry } from "../../../infra/bundle-entry.ts";
import { DeployEvent } from "../../../lambda/contract/deploy-event.ts";
import { START } from "../../e2e/ci/run-script.ts";
import { type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { TABLE } from "../../support/ledger.ts";
import { anEvent } from "../../unit/lambda/contract/an-event.ts";
import {
  aBridgedEvent,
  aPipelineJob,
  aPipelineStateChange,
  aScheduledEvent,
} from "../../unit/lambda/triggers/aws-samples.ts";

const JOB = "11111111-abcd-1111-abcd-111111abcdef";
const EXECUTION = "12345678-1234-5678-abcd-12345678abcd";
const NOW = `${new Date().toISOString().slice(0, 19)}Z`;
const PIPELINES = { myPipeline: { action: "promote", release: { from: "executionId" }, targets: { all: true } } };

const folder = mkdtempSync(join(tmpdir(), "cutover-start-"));
const environment = { ...process.env };
let door: FrontDoor;

/** The bundle as a deploy uploads it, in the place of the front door's sources. */
beforeAll(async () => {
  door = await openFrontDoor({ customers: 20, policy: { pipelines: PIPELINES } });
  const bundle = join(folder, "index.mjs");
  bundleEntry("front-door", bundle);
  const policyFile = join(folder, "policy.json");
  writeFileSync(policyFile, JSON.stringify(door.world.policy));
  const variables = { CUTOVER_TABLE_NAME: TABLE, CUTOVER_WORKER_ARN: WORKER_ARN, CUTOVER_POLICY_FILE: policyFile };
  Object.assign(process.env, variables);
  const { handler } = (await import(pathToFileURL(bundle).href)) as { handler(input: unknown): Promise<unknown> };
  door.world.executions.serve(START, { kind: "plain", handler });
});

afterAll(async () => {
  await door.close();
  rmSync(folder, { recursive: true });
  process.env = environment;
});

/** What the worker was started with under an id, by all sendings so far. */
function startsOf(id: string) {
  return door.world.executions
    .invocations()
    .filter(({ functionArn }) => functionArn === WORKER_ARN)
    .map(({ payload }) => JSON.parse(payload))
    .filter((event) => event.id === id);
}

const SAMPLES: readonly {
  readonly trigger: string;
  readonly sample: () => unknown;
  readonly id: string | RegExp;
  /** What the trigger adds to the event. */
  readonly adds?: Readonly<Record<string, unknown>>;
}[] = [
  { trigger: "the console, the CLI or CI", sample: () => anEvent({ id: "release-1" }), id: "release-1" },
  { trigger: "EventBridge", sample: () => aBridgedEvent(anEvent()), id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718" },
  {
    trigger: "EventBridge Scheduler",
    sample: () => aScheduledEvent(anEvent(), { scheduledTime: NOW, maxAgeMinutes: 30 }),
    id: new RegExp(`^nightly-promote-${NOW.replace(/[-:]/g, "")}-[0-9a-f]{10}$`),
    adds: { notAfter: new Date(Date.parse(NOW) + 30 * 60_000).toISOString() },
  },
  {
    trigger: "CodePipeline's action",
    sample: () => aPipelineJob(anEvent(), { id: door.pipeline.openJob(JOB) }),
    id: JOB,
  },
  {
    trigger: "CodePipeline's state change",
    sample: () => ({ ...aPipelineStateChange("Pipeline"), time: NOW }),
    id: `pipeline-${EXECUTION}`,
    adds: { release: EXECUTION, requestedBy: "pipeline myPipeline", notAfter: expect.any(String) },
  },
];

describe("the built front door", () => {
  test.each(SAMPLES)(
    "takes what $trigger sends: the right deploy event under the right id, and the same again is the same rollout",
    async ({ sample, id, adds }) => {
      const { rolloutId } = await door.send(sample());
      if (typeof id === "string") expect(rolloutId).toBe(id);
      else expect(rolloutId).toMatch(id);
      const [started] = startsOf(rolloutId);
      expect(started).toEqual({ ...DeployEvent.parse(anEvent()), id: rolloutId, ...adds });

      await door.send(sample());
      await door.world.executions.settled();
      expect(await door.send(sample())).toMatchObject({ rolloutId });
      for (const again of startsOf(rolloutId)) expect(again).toEqual(started);
      const status = await door.send({ command: "status", rolloutId });
      expect(status).toMatchObject({ rolloutId, status: "succeeded" });
    },
  );

  test("flipped each customer once in all of them", () => {
    const { accountId, customers } = door.world.emulator;
    const ours = [...customers()].filter((customer) => customer.accountId === accountId);
    expect(Math.max(...ours.map(({ writes }) => writes))).toBe(1);
    expect(ours.some(({ isStaging }) => isStaging)).toBe(false);
  });

  test("refuses in sentences what is none of them, and starts nothing", async () => {
    const before = door.world.executions.invocations().filter(({ functionArn }) => functionArn === WORKER_ARN).length;
    const refused = await door.sendRefused(aBridgedEvent(anEvent({ targets: undefined, target: { all: true } })));
    expect(refused.errorType).toBe("BadDeployEventError");
    expect(refused.trace).toEqual(refused.errorMessage.split("\n"));
    expect(refused.trace[0]).toBe("the deploy event was refused, nothing was done; 2 problems:");
    expect(await door.send(aPipelineStateChange("Stage"))).toMatchObject({ status: "ignored" });
    const after = door.world.executions.invocations().filter(({ functionArn }) => functionArn === WORKER_ARN).length;
    expect(after).toBe(before);
  });
});
