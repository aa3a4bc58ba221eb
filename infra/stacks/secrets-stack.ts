import { Stack, type StackProps } from "aws-cdk-lib";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { toLoginSecret } from "../constructs/cutover.ts";
import { EmptySecret } from "../constructs/empty-secret.ts";
import type { CheckedEnvironment } from "../environment.ts";

export interface SecretsStackProps extends StackProps {
  readonly environment: CheckedEnvironment;
}

/** The secrets of an environment. They are kept when the stack is removed. */
export class SecretsStack extends Stack {
  readonly login: ISecret;
  /** The signing secret of each source that the policy names. */
  readonly webhooks: Readonly<Record<string, ISecret>>;

  constructor(scope: Construct, id: string, { environment, ...props }: SecretsStackProps) {
    super(scope, id, { ...props, description: "Cutover: the Evo Voice login and the webhooks' signing secrets" });
    const { name, policy, webhookSecrets = {} } = environment;
    const service = `cutover-${name}`;
    const encryptionKey = environment.encryptionKey?.(this);
    this.login =
      environment.login?.(this) ?? new EmptySecret(this, "Login", { ...toLoginSecret(service), encryptionKey }).secret;
    const toSecret = (source: string): ISecret =>
      webhookSecrets[source]?.(new Construct(this, `Imported-${source}`)) ??
      new EmptySecret(this, `Webhook-${source}`, {
        name: `${service}/webhooks/${source}`,
        description: `The signing secret of the webhooks of ${source} for ${service}`,
        encryptionKey,
      }).secret;
    const sources = Object.keys(policy.webhooks ?? {});
    this.webhooks = Object.fromEntries(sources.map((source) => [source, toSecret(source)]));
  }
}
