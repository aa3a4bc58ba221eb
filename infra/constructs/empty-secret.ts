import { CfnOutput, RemovalPolicy, Validations } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnSecret, type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

export interface EmptySecretProps {
  readonly name: string;
  /** The content that a person must put into the secret. */
  readonly description: string;
  /** The customer-managed key of the secret. @default - AWS's key for Secrets Manager */
  readonly encryptionKey?: IKey | undefined;
}

/** A secret without a value; a person puts the value in. CDK's `Secret` would generate a password. */
export class EmptySecret extends Construct {
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, { name, description, encryptionKey }: EmptySecretProps) {
    super(scope, id);
    const key = encryptionKey && { kmsKeyId: encryptionKey.keyArn };
    const empty = new CfnSecret(this, "Empty", { name, description, ...key });
    // Removed only when its first deploy fails, because the next deploy needs the name.
    empty.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    Validations.of(empty).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: "A person rotates it: Evo Voice changes no password by API, and a webhook's sender has the same secret.",
    });
    new CfnOutput(this, "ToFill", { value: empty.ref, description });
    this.secret = Secret.fromSecretAttributes(this, "Secret", {
      secretCompleteArn: empty.ref,
      ...(encryptionKey && { encryptionKey }),
    });
  }
}
