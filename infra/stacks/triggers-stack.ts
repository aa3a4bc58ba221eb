import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Cutover } from "../constructs/cutover.ts";
import { EventTriggers } from "../constructs/event-triggers.ts";
import { GitHubAccess } from "../constructs/github-access.ts";
import { Schedules } from "../constructs/schedules.ts";
import { Webhook } from "../constructs/webhook.ts";
import type { CheckedEnvironment } from "../environment.ts";
import type { SecretsStack } from "./secrets-stack.ts";

export interface TriggersStackProps extends StackProps {
  readonly environment: CheckedEnvironment;
  readonly cutover: Cutover;
  readonly secrets: SecretsStack;
}

/** The triggers: schedules, rules, webhook and the role of CI. Without this stack only people start rollouts. */
export class TriggersStack extends Stack {
  constructor(scope: Construct, id: string, { environment, cutover, secrets, ...props }: TriggersStackProps) {
    super(scope, id, { ...props, description: "Cutover: schedules, rules, webhook and the role of CI" });
    const { schedules = [], events, github, webhookConcurrency: concurrency } = environment;
    const { pipelines = {}, webhooks = {} } = cutover.policy;
    if (schedules.length > 0) new Schedules(this, "Schedules", { cutover, schedules });
    if (events !== undefined || Object.keys(pipelines).length > 0)
      new EventTriggers(this, "Events", { cutover, sources: events?.sources, bus: events?.bus?.(this) });
    if (github !== undefined)
      new GitHubAccess(this, "GitHub", { cutover, ...github, provider: github.provider?.(this) });
    if (Object.keys(webhooks).length > 0) {
      const alarmTopic = environment.alarmTopic?.(this);
      new Webhook(this, "Webhook", { cutover, secrets: secrets.webhooks, concurrency, alarmTopic });
    }
  }
}
