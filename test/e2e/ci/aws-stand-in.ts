import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

/**
 * `aws lambda invoke` of the AWS CLI v2, as far as ci/rollout.mjs uses it, by the real SDK: what stands after `fileb://`
 * is a file to send, the answer goes into the last argument's file, the rest of the reply to standard output as JSON.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "function-name": { type: "string" },
    qualifier: { type: "string" },
    payload: { type: "string" },
    output: { type: "string" },
    "no-cli-pager": { type: "boolean" },
  },
});
const [service, operation, outfile, ...more] = positionals;
if (service !== "lambda" || operation !== "invoke" || outfile === undefined || more.length > 0) {
  throw new Error(`not a command of the stand-in: ${positionals.join(" ")}`);
}
const Payload = readFileSync(values.payload?.replace(/^fileb:\/\//, "") ?? "");
try {
  const client = new LambdaClient({ maxAttempts: 1 });
  const reply = await client.send(
    new InvokeCommand({ FunctionName: values["function-name"], Qualifier: values.qualifier, Payload }),
  );
  writeFileSync(outfile, reply.Payload ?? "");
  const { StatusCode, FunctionError } = reply;
  process.stdout.write(JSON.stringify({ StatusCode, FunctionError, ExecutedVersion: "$LATEST" }, undefined, 4));
} catch (error) {
  process.stderr.write(`\nAn error occurred when calling the Invoke operation: ${(error as Error).message}\n`);
  process.exitCode = 254;
}
