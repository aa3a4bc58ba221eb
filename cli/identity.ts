/**
 * The ARN of the user's AWS identity. A network may have no way to STS: then its access key must do, because an `abort`
 * must not depend on this.
 */
export async function readIdentity(config: object): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const sts = new STSClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: 1_000, connectionTimeout: 1_000 },
    ...config,
  });
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn ?? "";
  } catch {
    return `access key ${(await sts.config.credentials()).accessKeyId}`;
  }
}
