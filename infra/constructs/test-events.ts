import { RemovalPolicy } from "aws-cdk-lib";
import { CfnRegistry, CfnSchema } from "aws-cdk-lib/aws-eventschemas";
import { Construct } from "constructs";
import type { Start } from "./front-door.ts";

export interface TestEventsProps {
  readonly start: Start;
  /** Whether the registry is made here: an account has one for each region as soon as anybody shared a test event. */
  readonly registry: "create" | "import";
}

/** Where the Lambda console keeps shareable test events, and by which name it finds a function's. */
const REGISTRY = "lambda-testevent-schemas";

/** What a person can choose in the console, by its name there. The first is harmless. */
export const TEST_EVENTS = {
  "dry-run": { action: "promote", release: "2026.11.0", targets: { all: true }, dryRun: true },
  stage: { action: "stage", release: "2026.11.0", targets: { customerIds: ["replace-with-a-test-customer"] } },
  promote: { action: "promote", release: "2026.11.0", targets: { customerIds: ["replace-with-a-test-customer"] } },
  status: { command: "status", rolloutId: "replace-with-the-rolloutId-of-an-answer" },
} as const;

/** Shareable test events of the front door, so that a first rollout is a click in the console. */
export class TestEvents extends Construct {
  constructor(scope: Construct, id: string, { start, registry }: TestEventsProps) {
    super(scope, id);
    const schema = new CfnSchema(this, "Schema", {
      registryName: REGISTRY,
      schemaName: `_${start.function.functionName}-schema`,
      type: "OpenApi3",
      content: JSON.stringify(toOpenApi(TEST_EVENTS)),
    });
    if (registry === "import") return;
    const created = new CfnRegistry(this, "Registry", {
      registryName: REGISTRY,
      description: "Shareable test events of Lambda functions",
    });
    // Other functions' test events may be in it by the time that this one goes.
    // If its own deploy fails there are none, and it must not be in the way of the next one.
    created.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    schema.addResourceDependency(created);
  }
}

function toOpenApi(events: Readonly<Record<string, unknown>>): object {
  return {
    openapi: "3.0.0",
    info: { version: "1.0.0", title: "Event" },
    paths: {},
    components: {
      schemas: { Event: { type: "object" } },
      examples: Object.fromEntries(Object.entries(events).map(([name, value]) => [name, { value }])),
    },
  };
}
