import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Cutover } from "../constructs/cutover.ts";
import { TestEvents } from "../constructs/test-events.ts";
import type { CheckedEnvironment } from "../environment.ts";
import type { SecretsStack } from "./secrets-stack.ts";

export interface CutoverStackProps extends StackProps {
  readonly environment: CheckedEnvironment;
  readonly secrets: SecretsStack;
}

/** Worker, front door, ledger, notifications, alarms and dashboard of an environment. */
export class CutoverStack extends Stack {
  readonly cutover: Cutover;

  constructor(scope: Construct, id: string, { environment, secrets, ...props }: CutoverStackProps) {
    super(scope, id, { ...props, description: "Cutover: worker, front door, ledger, alarms and dashboard" });
    const { name, policy, notifications: { emails, bus } = {}, alarmTopic, logRetention } = environment;
    this.cutover = new Cutover(this, "Cutover", {
      policy,
      service: `cutover-${name}`,
      login: secrets.login,
      notifications: { ...(emails && { emails }), ...(bus && { bus: bus(this) }) },
      ...(alarmTopic && { alarmTopic: alarmTopic(this) }),
      ...(logRetention && { logRetention }),
    });
    const { testEvents: registry = "none" } = environment;
    if (registry !== "none") new TestEvents(this, "TestEvents", { cutover: this.cutover, registry });
  }
}
