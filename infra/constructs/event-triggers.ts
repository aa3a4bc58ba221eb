import { Duration } from "aws-cdk-lib";
import { type EventPattern, type IEventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import * as z from "zod";
import { refuseConfig } from "../../lambda/config.ts";
import { findProblems } from "../../lambda/contract/problems.ts";
import { EVENT_SOURCE } from "../../lambda/core/report/rollout-event.ts";
import { DEPLOY_EVENT_TYPE } from "../../lambda/triggers/event-bridge.ts";
import type { Cutover } from "./cutover.ts";

const SOURCE = "expected a source of deploy events, such as com.example.deploy";
const NOT_AWS = `${SOURCE}; a source of AWS sends no deploy event, and a pipeline is named in the policy`;
const NOT_OWN = `${SOURCE}; ${EVENT_SOURCE} sends the events of rollouts`;

/** The `source` of deploy events. */
export const EventSource = z
  .string({ error: SOURCE })
  .regex(/^[\w./-]{1,256}$/, SOURCE)
  .refine((source) => !source.startsWith("aws."), NOT_AWS)
  .refine((source) => source !== EVENT_SOURCE, NOT_OWN);

export interface EventTriggersProps {
  /** The policy of `cutover` names the pipelines. */
  readonly cutover: Cutover;
  /** The sources of deploy events. @default - none */
  readonly sources?: readonly string[] | undefined;
  /** The bus of the deploy events. @default - the account's default bus */
  readonly bus?: IEventBus | undefined;
}

/**
 * Deploy events from EventBridge: `{ "source": SENDER, "detail-type": "Cutover Deploy Event", "detail": DEPLOY EVENT }`,
 * and the success of pipelines, which the policy maps to deploy events.
 */
export class EventTriggers extends Construct {
  constructor(scope: Construct, id: string, { cutover, sources = [], bus }: EventTriggersProps) {
    super(scope, id);
    const parsed = z.array(EventSource).safeParse(sources);
    if (!parsed.success)
      throw refuseConfig("the list of sources of deploy events", findProblems(parsed.error, sources));
    // Imported, because CDK would add each rule to the queue's policy, and the two stacks would depend on each other.
    const deadLetterQueue = Queue.fromQueueArn(this, "DeadLetters", cutover.deadLetters.queue.queueArn);
    const addRule = (name: string, eventPattern: EventPattern, eventBus?: IEventBus) => {
      const delivery = { deadLetterQueue, maxEventAge: Duration.minutes(15), retryAttempts: 3 };
      const targets = [new LambdaFunction(cutover.frontDoor.aliases.start, delivery)];
      new Rule(this, name, { eventPattern, targets, ...(eventBus && { eventBus }) });
    };
    if (sources.length > 0) addRule("DeployEvents", { source: [...sources], detailType: [DEPLOY_EVENT_TYPE] }, bus);
    const pipelines = Object.keys(cutover.policy.pipelines ?? {});
    if (pipelines.length > 0) {
      addRule("Pipelines", {
        source: ["aws.codepipeline"],
        detailType: ["CodePipeline Pipeline Execution State Change"],
        detail: { pipeline: pipelines, state: ["SUCCEEDED"] },
      });
    }
  }
}
