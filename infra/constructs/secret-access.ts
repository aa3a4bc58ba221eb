import { Aws } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";

/** What the code calls a secret by: its whole ARN where that is known. A secret of another account has no other id. */
export function toSecretId(secret: ISecret): string {
  return secret.secretFullArn ?? secret.secretName;
}

/** Allows to read a secret's value, and nothing else: CDK's own grant also allows to describe the secret. */
export function grantReadValue(secret: ISecret, grantee: IGrantable): void {
  Grant.addToPrincipal({
    grantee,
    actions: ["secretsmanager:GetSecretValue"],
    // AWS ends a secret's ARN with a hyphen and six characters that a name does not tell.
    resourceArns: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
  });
  if (secret.encryptionKey === undefined) return;
  // CDK's own grant adds this to the key's policy only, so of an imported key it grants nothing.
  Grant.addToPrincipal({
    grantee,
    actions: ["kms:Decrypt"],
    resourceArns: [secret.encryptionKey.keyArn],
    conditions: { StringEquals: { "kms:ViaService": `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
  });
}
