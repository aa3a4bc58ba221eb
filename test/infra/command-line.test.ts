import type { Template } from "aws-cdk-lib/assertions";
import { connect } from "../../cli/connect.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { answerQueries } from "../../local/aws/query-services.ts";
import { afterAll, beforeAll, expect, test } from "../support/jest.ts";
import { synthesize, WITH_WEBHOOK } from "./make-stack.ts";

/** The outputs of the shipped stacks; each has its own name as its value. */
function toStacks(environment: string) {
  return Object.entries(synthesize(WITH_WEBHOOK)).map(([stack, template]) => {
    const names = Object.keys((template as Template).findOutputs("*"));
    const name = stack === "cutover" ? `cutover-${environment}` : `cutover-${environment}-${stack}`;
    return { name, outputs: Object.fromEntries(names.map((output) => [output, output])) };
  });
}

let lambda: LambdaExecutions;
let port: string;

beforeAll(async () => {
  const stacks = [...toStacks("production"), ...toStacks("test")];
  lambda = await startLambdaExecutions({ others: answerQueries(stacks) });
  port = new URL(lambda.address).port;
});
afterAll(() => lambda.close());

test("the command line finds the front door and the API by the outputs of the shipped stack", async () => {
  const door = await connect({ stack: "cutover-test", sandbox: true, port });
  expect(door).toMatchObject({ environment: "cutover-test", baseUrl: expect.stringContaining("BaseUrl") });
  expect(door).toMatchObject({
    loginSecret: expect.stringContaining("LoginSecret"),
    identity: expect.stringMatching(/^arn:/),
  });
  await expect(door.ask({ command: "list" })).rejects.toThrow(/Function not found: \S*FrontDoorFunctionName/);
});

test("of several deployments the command line chooses none", async () => {
  const choice = /several deployments .* --stack or CUTOVER_STACK: cutover-production, cutover-test$/;
  await expect(connect({ sandbox: true, port })).rejects.toThrow(choice);
  await expect(connect({ stack: "cutover", sandbox: true, port })).rejects.toThrow(
    "Stack with id cutover does not exist",
  );
});
