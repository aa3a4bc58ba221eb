import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { expect, test } from "../../../support/jest.ts";

test("every AWS endpoint of the local environment is on loopback", () => {
  const environment = localAwsEnvironment({ dynamodb: "http://127.0.0.1:8000" });
  const endpoints = Object.entries(environment).filter(([name]) => name.startsWith("AWS_ENDPOINT_URL"));
  expect(environment.AWS_ENDPOINT_URL_DYNAMODB).toBe("http://127.0.0.1:8000");
  expect(endpoints.length).toBeGreaterThan(3);
  for (const [, address] of endpoints) expect(new URL(address).hostname).toBe("127.0.0.1");
});

test("no profile, credentials file or metadata service of this machine is read", () => {
  expect(localAwsEnvironment({})).toMatchObject({
    AWS_ACCESS_KEY_ID: "local",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  });
});
