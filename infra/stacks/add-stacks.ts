import { type App, Tags, Validations } from "aws-cdk-lib";
import type { CheckedEnvironment } from "../environment.ts";
import { CutoverStack } from "./cutover-stack.ts";
import { SecretsStack } from "./secrets-stack.ts";
import { TriggersStack } from "./triggers-stack.ts";

/** Adds the stacks of all environments. One that imports what another one creates is deployed after it. */
export function addEnvironments(app: App, environments: readonly CheckedEnvironment[]): void {
  const added = environments.map((environment) => ({ environment, ...addStacks(app, environment) }));
  for (const { environment, cutover, triggers } of added) {
    const others = added.filter((other) => other.environment.env?.account === environment.env?.account);
    for (const { environment: other, ...created } of others) {
      const isInRegion = other.env?.region === environment.env?.region;
      if (isInRegion && environment.testEvents === "import" && other.testEvents === "create")
        cutover.addStackDependency(created.cutover);
      if (environment.github?.provider !== undefined && other.github !== undefined && !other.github.provider)
        triggers.addStackDependency(created.triggers);
    }
  }
}

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
