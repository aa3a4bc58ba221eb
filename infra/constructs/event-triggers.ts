import { Duration } from "aws-cdk-lib";
import { EventBus, type EventPattern, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { DEPLOY_EVENT_TYPE } from "../../lambda/events/event-bridge.ts";
import { CHANGE_SOURCE } from "../../lambda/rollout/change.ts";
import type { Start } from "./front-door.ts";

/** Whose events on EventBridge start a rollout. */
export interface CustomEvents {
  /** The senders, as they name themselves in `source`, such as `com.example.deploy`. */
  readonly sources: readonly string[];
  /**
   * The name or ARN of the bus that they send to.
   * @default - the account's default bus
   */
  readonly bus?: string | undefined;
}

export interface EventTriggersProps {
  readonly start: Start;
  readonly deadLetters: IQueue;
  readonly events?: CustomEvents | undefined;
  /** Those that the policy names. */
  readonly pipelines: readonly string[];
}

/** What Cutover calls itself when it sends an event: its own news must never start a rollout. */
export const OWN_SOURCE = CHANGE_SOURCE;

/**
 * Deploy events from EventBridge: `{ "source": SENDER, "detail-type": "Cutover Deploy Event", "detail": DEPLOY EVENT }`,
 * and the end of a pipeline's execution, of which the policy says what it means.
 */
export class EventTriggers extends Construct {
  constructor(scope: Construct, id: string, { start, deadLetters, events, pipelines }: EventTriggersProps) {
    super(scope, id);
    const target = () =>
      new LambdaFunction(start.function, {
        deadLetterQueue: deadLetters,
        maxEventAge: Duration.minutes(15),
        retryAttempts: 3,
      });
    const watch = (name: string, eventPattern: EventPattern, bus?: string) =>
      new Rule(this, name, {
        eventPattern,
        targets: [target()],
        ...(bus !== undefined && { eventBus: this.#findBus(bus) }),
      });
    if (events !== undefined) {
      checkSources(events.sources);
      watch("DeployEvents", { source: [...events.sources], detailType: [DEPLOY_EVENT_TYPE] }, events.bus);
    }
    if (pipelines.length > 0) {
      watch("Pipelines", {
        source: ["aws.codepipeline"],
        detailType: ["CodePipeline Pipeline Execution State Change"],
        detail: { pipeline: [...pipelines], state: ["SUCCEEDED"] },
      });
    }
  }

  #findBus(nameOrArn: string) {
    return nameOrArn.startsWith("arn:")
      ? EventBus.fromEventBusArn(this, "Bus", nameOrArn)
      : EventBus.fromEventBusName(this, "Bus", nameOrArn);
  }
}

function checkSources(sources: readonly string[]): void {
  if (sources.includes(OWN_SOURCE))
    throw new Error(`events.sources: "${OWN_SOURCE}" sends what happened in a rollout; name who asks for one`);
  const [aws] = sources.filter((source) => source.startsWith("aws."));
  if (aws !== undefined)
    throw new Error(
      `events.sources: "${aws}" is AWS's own, which sends no deploy events; a pipeline is named in the policy`,
    );
}
