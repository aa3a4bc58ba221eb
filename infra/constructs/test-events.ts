import { RemovalPolicy } from "aws-cdk-lib";
import { CfnRegistry, CfnSchema } from "aws-cdk-lib/aws-eventschemas";
import { Construct } from "constructs";
import type { Cutover } from "./cutover.ts";

export interface TestEventsProps {
  readonly cutover: Cutover;
  /** `import` when the region has the registry: AWS creates it when a person first shares a test event. */
  readonly registry: "create" | "import";
}

/** The registry of the Lambda console's shareable test events. */
const REGISTRY = "lambda-testevent-schemas";

const ROLLOUT = "replace-with-the-rolloutId-of-an-answer";
const WHO = { requestedBy: "replace-with-your-name", reason: "replace-with-why" };

/** The test events by their names in the console. The first event is harmless. */
export const TEST_EVENTS = {
  "dry-run": { action: "promote", release: "2026.11.0", targets: { all: true }, dryRun: true },
  stage: { action: "stage", release: "2026.11.0", targets: { customerIds: ["replace-with-a-test-customer"] } },
  promote: { action: "promote", release: "2026.11.0", targets: { customerIds: ["replace-with-a-test-customer"] } },
  rollback: { action: "rollback", rolloutId: ROLLOUT, ...WHO },
  status: { command: "status", rolloutId: ROLLOUT },
  pause: { command: "pause", rolloutId: ROLLOUT, minutes: 30, ...WHO },
  abort: { command: "abort", rolloutId: ROLLOUT, ...WHO },
  controls: { command: "controls" },
  "stop-everything": { command: "stop-everything", ...WHO },
} as const;

/** Shareable test events of the front door, so that a first rollout is a click in the console. */
export class TestEvents extends Construct {
  constructor(scope: Construct, id: string, { cutover, registry }: TestEventsProps) {
    super(scope, id);
    const schema = new CfnSchema(this, "Schema", {
      registryName: REGISTRY,
      schemaName: `_${cutover.frontDoor.function.functionName}-schema`,
      type: "OpenApi3",
      content: JSON.stringify(toOpenApi()),
    });
    if (registry === "import") return;
    const created = new CfnRegistry(this, "Registry", {
      registryName: REGISTRY,
      description: "Shareable test events of Lambda functions",
    });
    // Kept, because other functions may have test events in the registry. Removed only when its first deploy fails,
    // because the next deploy creates it again.
    created.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    schema.addResourceDependency(created);
  }
}

function toOpenApi(): object {
  const examples = Object.fromEntries(Object.entries(TEST_EVENTS).map(([name, value]) => [name, { value }]));
  const components = { schemas: { Event: { type: "object" } }, examples };
  return { openapi: "3.0.0", info: { version: "1.0.0", title: "Event" }, paths: {}, components };
}
