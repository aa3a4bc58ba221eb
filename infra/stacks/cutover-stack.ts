import { Duration, Stack, type StackProps, Tags } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { Cutover } from "../constructs/cutover.ts";
import type { EnvironmentConfig } from "../read-environments.ts";

export interface CutoverStackProps extends StackProps {
  readonly config: EnvironmentConfig;
}

/** One deployment as `infra/config.json` describes it. An app of one's own uses the construct `Cutover` instead. */
export class CutoverStack extends Stack {
  readonly cutover: Cutover;

  constructor(scope: Construct, id: string, { config, ...props }: CutoverStackProps) {
    super(scope, id, { ...props, env: toEnv(config) });
    const { alarmTopicArn, encryptionKeyArn, events, github, tell, webhookConcurrency } = config;
    this.cutover = new Cutover(this, "Cutover", {
      policy: config.policy,
      service: `cutover-${config.name}`,
      login: config.secret,
      webhooks: config.webhooks,
      schedules: config.schedules,
      testEvents: config.testEvents,
      stuckAfter: Duration.hours(config.stuckAfterHours),
      logRetention: config.logRetentionDays,
      ...(webhookConcurrency !== undefined && { webhookConcurrency }),
      ...(events && { events }),
      ...(github && { github }),
      ...(tell && { tell }),
      ...(encryptionKeyArn !== undefined && { encryptionKey: Key.fromKeyArn(this, "Key", encryptionKeyArn) }),
      ...(alarmTopicArn !== undefined && { alarmTopic: Topic.fromTopicArn(this, "AlarmTopic", alarmTopicArn) }),
    });
    Tags.of(this).add("cutover:environment", config.name);
  }
}

/** Without an account or a region, those of whoever deploys. */
function toEnv({ account, region }: EnvironmentConfig) {
  return { ...(account !== undefined && { account }), ...(region !== undefined && { region }) };
}
