import type { Stack } from "@aws-sdk/client-cloudformation";
import type { LambdaServiceException } from "@aws-sdk/client-lambda";
import type { AdviceWriter } from "../lambda/contract/advice.ts";
import { type Right, rightFor } from "../lambda/contract/rights.ts";
import { EXIT, Failure, Refused } from "./failure.ts";
import { readIdentity } from "./identity.ts";
import { createAdviceWriter, findProgram, toCommandLine } from "./write-advice.ts";

/** Which deployment is meant. */
export interface Deployment {
  /** The CloudFormation stack; without a name, the only one that has a front door. */
  readonly stack?: string | undefined;
  /** The front door itself, by its name or ARN: no stack is looked up. */
  readonly function?: string | undefined;
  readonly sandbox?: boolean | undefined;
  readonly port: string;
}

/** The front door of a deployment, called with the user's own AWS identity. */
export interface Door {
  /** The stack's name, which names the environment; or the function's. */
  readonly environment: string;
  readonly baseUrl?: string | undefined;
  /** Empty when only the function's name is known. */
  readonly account: string;
  readonly region: string;
  readonly identity: string;
  /** The secret with the login of Evo Voice. */
  readonly loginSecret?: string | undefined;
  /** A command line for the same deployment, to be pasted into a shell. */
  toCommand(...words: readonly string[]): string;
  /** Writes what can be done as such a command line. */
  readonly writeAdvice: AdviceWriter;
  /** Sends a deploy event or a command, to the alias with a right: the one that it needs, if none is given. @throws Refused */
  ask(payload: object, right?: Right): Promise<unknown>;
  /** Writes a new version of a secret. @throws Failure */
  putSecret(secretId: string, value: string): Promise<void>;
}

export const SANDBOX_PORT = "4680";

/** Finds the front door by its name, or by the outputs of its stack. `words` were typed. @throws Failure */
export async function connect(deployment: Deployment, words: readonly string[] = []): Promise<Door> {
  const typed = { program: findProgram(process), words, deployment: toOptions(deployment) };
  const config = deployment.sandbox ? toSandbox(deployment) : {};
  try {
    const [{ functionName, ...found }, identity] = await Promise.all([
      findFrontDoor(deployment, config),
      readIdentity(config),
    ]);
    const { LambdaClient } = await import("@aws-sdk/client-lambda");
    const lambda = new LambdaClient({ ...config, requestHandler: { requestTimeout: 60_000 } });
    return {
      ...found,
      identity,
      toCommand: (...line) => toCommandLine(typed, line),
      writeAdvice: createAdviceWriter(typed),
      ask: async (payload, right = rightFor(payload)) =>
        readReply(await invoke(lambda, { FunctionName: functionName, Qualifier: right }, payload)),
      putSecret: (SecretId, SecretString) => putSecret(config, { SecretId, SecretString }),
    };
  } catch (error) {
    throw toFailure(error, { ...deployment, isSent: false });
  }
}

type Config = ReturnType<typeof toSandbox> | object;

async function findFrontDoor(deployment: Deployment, config: Config) {
  if (deployment.function) {
    const [, , , region = "", account = ""] = deployment.function.split(":");
    return { environment: deployment.function, functionName: deployment.function, account, region };
  }
  const stack = await findStack(deployment, config);
  const [, , , region = "", account = ""] = stack.StackId?.split(":") ?? [];
  return {
    environment: stack.StackName ?? "",
    functionName: findOutput(stack, FUNCTION) ?? "",
    baseUrl: findOutput(stack, BASE_URL),
    loginSecret: findOutput(stack, LOGIN_SECRET),
    account,
    region,
  };
}

/** CDK writes a hash behind the names of outputs. */
const FUNCTION = "FrontDoorFunctionName";
const BASE_URL = "BaseUrl";
const LOGIN_SECRET = "LoginSecret";

function toSandbox({ port }: Deployment) {
  const credentials = { accessKeyId: "sandbox", secretAccessKey: "sandbox" };
  return { endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials, maxAttempts: 1 };
}

async function findStack({ stack: name }: Deployment, config: Config): Promise<Stack> {
  const { CloudFormationClient, paginateDescribeStacks } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(config);
  const found: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, name ? { StackName: name } : {}))
    found.push(...Stacks.filter((stack) => findOutput(stack, FUNCTION) !== undefined));
  const [stack, ...others] = found;
  if (stack !== undefined && others.length === 0) return stack;
  const names = found.map(({ StackName }) => StackName).join(", ");
  const region = await client.config.region();
  throw new Failure(
    stack === undefined
      ? `no stack ${name ?? ""} in ${region} has a front door of Cutover: set AWS_REGION and AWS_PROFILE, --stack or --function`
      : `there are several deployments in ${region}: choose one with --stack or CUTOVER_STACK: ${names}`,
    { exitCode: EXIT.refused },
  );
}

function toOptions({ sandbox, port, stack, function: functionName }: Deployment): readonly string[] {
  if (sandbox) return port === SANDBOX_PORT ? ["--sandbox"] : ["--sandbox", "--port", port];
  if (functionName) return ["--function", functionName];
  return stack ? ["--stack", stack] : [];
}

function findOutput({ Outputs = [] }: Stack, name: string): string | undefined {
  return Outputs.find(({ OutputKey = "" }) => OutputKey.includes(name))?.OutputValue;
}

type Lambda = import("@aws-sdk/client-lambda").LambdaClient;

type Alias = { readonly FunctionName: string; readonly Qualifier: Right };

async function invoke(lambda: Lambda, alias: Alias, payload: object) {
  const { InvokeCommand } = await import("@aws-sdk/client-lambda");
  const Payload = Buffer.from(JSON.stringify(payload));
  try {
    const ClientContext = Buffer.from(JSON.stringify({ custom: { refusals: "data" } })).toString("base64");
    return await lambda.send(new InvokeCommand({ ...alias, Payload, ClientContext }));
  } catch (error) {
    throw toFailure(error, {});
  }
}

async function putSecret(config: object, value: { readonly SecretId: string; readonly SecretString: string }) {
  const { PutSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  try {
    await new SecretsManagerClient(config).send(new PutSecretValueCommand(value));
  } catch (error) {
    throw toFailure(error, {});
  }
}

function readReply({ FunctionError, Payload }: Awaited<ReturnType<typeof invoke>>): unknown {
  const answer = JSON.parse(Payload?.transformToString() || "null");
  if (answer?.refused !== undefined) throw new Refused(answer.refused);
  if (FunctionError === undefined) return answer;
  throw new Failure(`the front door failed: ${answer?.errorType}: ${answer?.errorMessage}`);
}

/** What AWS itself refused was not done. */
function toFailure(
  error: unknown,
  { sandbox, port, isSent = true }: Partial<Deployment> & { isSent?: boolean },
): Failure {
  if (error instanceof Failure) return error;
  const { name, message, code, $metadata } = error as NodeJS.ErrnoException & Partial<LambdaServiceException>;
  const { httpStatusCode = 500 } = $metadata ?? {};
  const isRefused = !isSent || Math.floor(httpStatusCode / 100) === 4;
  const options = { exitCode: isRefused ? EXIT.refused : EXIT.notAsWanted, cause: error };
  if (sandbox && code === "ECONNREFUSED")
    return new Failure(`no sandbox answers on port ${port}: start one with npm run sandbox`, options);
  return new Failure(
    `AWS could not be asked (AWS_PROFILE and AWS_REGION say which account and region, --function which front door): ${name}: ${message}`,
    options,
  );
}
