import { Aws, CfnOutput, RemovalPolicy, Token, Validations } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { grantTo } from "./grant-to.ts";

/** A secret that exists, by name or ARN, or the name of an empty one to create and fill by hand. */
export type SecretSource = { readonly import: string } | { readonly create: string };

export interface SecretProps {
  readonly source: SecretSource;
  /** What is to be put into it, for the person who fills it. */
  readonly description: string;
  /** Why nothing rotates it by itself. */
  readonly rotation: string;
  /**
   * The customer-managed key that encrypts it.
   * @default - the key of AWS for Secrets Manager
   */
  readonly encryptionKey?: IKey | undefined;
}

/** A secret whose value is never in a template. */
export class Secret extends Construct {
  /** What a function calls it by. */
  readonly secretId: string;
  readonly #arns: readonly string[];
  readonly #encryptionKey: IKey | undefined;

  constructor(scope: Construct, id: string, { source, description, rotation, encryptionKey }: SecretProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    if ("import" in source) {
      this.secretId = source.import;
      this.#arns = toArns(source.import);
      return;
    }
    // CDK's own `Secret` would invent a password, and no value belongs in a template.
    const secret = new CfnSecret(this, "Empty", {
      name: source.create,
      description,
      ...(encryptionKey && { kmsKeyId: encryptionKey.keyArn }),
    });
    // Not if its own deploy fails: its name would be taken when that is tried again.
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    Validations.of(secret).acknowledge({ id: "AwsSolutions-SMG4", reason: rotation });
    new CfnOutput(this, "ToFill", { value: secret.ref, description });
    this.secretId = secret.ref;
    this.#arns = [secret.ref];
  }

  /** Allows to read its value, and to decrypt it with its own key by way of Secrets Manager only. */
  grantRead(grantee: IGrantable): Grant {
    const read = grantTo(grantee, {
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [...this.#arns],
    });
    if (this.#encryptionKey === undefined) return read;
    const decrypt = grantTo(grantee, {
      actions: ["kms:Decrypt"],
      resourceArns: [this.#encryptionKey.keyArn],
      conditions: { StringEquals: { "kms:ViaService": `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
    });
    return read.combine(decrypt);
  }
}

/**
 * AWS ends a secret's ARN with a hyphen and six characters that a name does not tell. Without a capital among them they
 * may as well be the end of the name: then both are meant.
 */
function toArns(nameOrArn: string): readonly string[] {
  if (Token.isUnresolved(nameOrArn)) return [nameOrArn];
  if (!nameOrArn.startsWith("arn:"))
    return [`arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${nameOrArn}-??????`];
  const [, end = ""] = /-([A-Za-z0-9]{6})$/.exec(nameOrArn) ?? [];
  if (/[A-Z]/.test(end)) return [nameOrArn];
  return [...(end === "" ? [] : [nameOrArn]), `${nameOrArn}-??????`];
}
