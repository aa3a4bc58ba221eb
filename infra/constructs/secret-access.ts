import { Aws } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";

/** The secret's complete ARN if it is known, otherwise its name. A secret of another account needs the ARN. */
export function toSecretId(secret: ISecret): string {
  return secret.secretFullArn ?? secret.secretName;
}

/** Allows only to read a secret's value. CDK's grant would also allow to describe the secret. */
export function grantReadValue(secret: ISecret, grantee: IGrantable): void {
  Grant.addToPrincipal({
    grantee,
    actions: ["secretsmanager:GetSecretValue"],
    // AWS ends a secret's ARN with a hyphen and six random characters.
    resourceArns: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
  });
  if (secret.encryptionKey === undefined) return;
  // CDK's grant only changes the key's policy, which has no effect for an imported key.
  Grant.addToPrincipal({
    grantee,
    actions: ["kms:Decrypt"],
    resourceArns: [secret.encryptionKey.keyArn],
    conditions: { StringEquals: { "kms:ViaService": `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
  });
}
