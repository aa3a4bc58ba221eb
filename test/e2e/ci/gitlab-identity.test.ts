import { listenOnLoopback } from "../../../local/aws/loopback.ts";
import { answerQueries } from "../../../local/aws/query-services.ts";
import { afterAll, beforeAll, expect, test } from "../../support/jest.ts";
import { openGitLab } from "./pipelines.ts";

const ROLE = "arn:aws:iam::000000000000:role/ci";
/** The calls of the front door: its alias, and what signed the call. */
const calls: string[][] = [];
let aws: Awaited<ReturnType<typeof listenOnLoopback>>;

beforeAll(async () => {
  const queries = answerQueries([]);
  aws = await listenOnLoopback(async (request, response) => {
    const { url = "", headers } = request;
    if (!url.includes("/invocations")) return queries(request, response);
    const [, key = ""] = /Credential=(\w+)/.exec(headers.authorization ?? "") ?? [];
    calls.push([url.replace(/.*=/, ""), key, String(headers["x-amz-security-token"])]);
    response.end('{"rolloutId":"r-1","status":"failed"}');
  });
});
afterAll(() => aws.close());

test("a job of GitLab signs its calls with the role that STS gave for the job's token", async () => {
  const environment = { AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: aws.address, AWS_ROLE_ARN: ROLE };
  expect(await openGitLab(environment)("promote")).toMatchObject({ exitCode: 1 });
  const signed = ["ASIAROLE", `${ROLE} gitlab-1 token`];
  expect(calls).toEqual([
    ["start", ...signed],
    ["read", ...signed],
  ]);
});
