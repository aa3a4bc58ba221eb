import { type App, Tags, Validations } from "aws-cdk-lib";
import type { CheckedEnvironment } from "../environment.ts";
import { CutoverStack } from "./cutover-stack.ts";
import { SecretsStack } from "./secrets-stack.ts";
import { TriggersStack } from "./triggers-stack.ts";

/** Adds the stacks of one environment: `cutover-NAME-secrets`, `cutover-NAME` and `cutover-NAME-triggers`. */
export function addStacks(app: App, environment: CheckedEnvironment) {
  const { name, env = {}, tags = {} } = environment;
  const service = `cutover-${name}`;
  const secrets = new SecretsStack(app, `${service}-secrets`, { env, environment });
  const cutover = new CutoverStack(app, service, { env, environment, secrets });
  const triggers = new TriggersStack(app, `${service}-triggers`, {
    env,
    environment,
    secrets,
    cutover: cutover.cutover,
  });
  for (const stack of [secrets, cutover, triggers]) {
    for (const [key, value] of Object.entries({ ...tags, "cutover:environment": name })) Tags.of(stack).add(key, value);
  }
  // Both stacks may be empty. They stay in the app, so that the CDK CLI removes their old resources.
  const acknowledged = { id: "CloudFormation-Validate::F0001", reason: "The CDK CLI deletes a stack that is empty." };
  for (const stack of [secrets, triggers]) Validations.of(stack).acknowledge(acknowledged);
  return { secrets, cutover, triggers };
}
