export type AwsAddresses = {
  readonly secretsManager?: string;
  readonly lambda?: string;
  readonly dynamodb?: string;
  readonly codePipeline?: string;
  readonly cloudWatch?: string;
  readonly eventBridge?: string;
  readonly sns?: string;
};

/** The environment in which the AWS SDK uses the stand-ins and cannot reach a real account. */
export function localAwsEnvironment(addresses: AwsAddresses): Record<string, string> {
  return {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    // For every service without a stand-in: a port on which no server listens.
    AWS_ENDPOINT_URL: UNUSED,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: addresses.secretsManager ?? UNUSED,
    AWS_ENDPOINT_URL_LAMBDA: addresses.lambda ?? UNUSED,
    AWS_ENDPOINT_URL_DYNAMODB: addresses.dynamodb ?? UNUSED,
    AWS_ENDPOINT_URL_CODEPIPELINE: addresses.codePipeline ?? UNUSED,
    AWS_ENDPOINT_URL_CLOUDWATCH: addresses.cloudWatch ?? UNUSED,
    AWS_ENDPOINT_URL_EVENTBRIDGE: addresses.eventBridge ?? UNUSED,
    AWS_ENDPOINT_URL_SNS: addresses.sns ?? UNUSED,
  };
}

const UNUSED = "http://127.0.0.1:9";
