import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { type ExecutionResult, runExecution } from "../durable/run-execution.ts";

/** What the Node.js runtime gives a handler, as far as ours read it. */
type Context = { readonly invokedFunctionArn: string; readonly awsRequestId: string };

/** A function as `Invoke` finds it: a durable one by the ARN of its version or alias, a plain one also without. */
export type ServedFunction =
  | {
      readonly kind: "durable";
      readonly handler: DurableLambdaHandler;
      /** Durable waits end at once. */
      readonly skipWaits?: boolean;
      /** Durable waits pass so many times faster. @default 1 */
      readonly speed?: number;
    }
  | {
      readonly kind: "plain";
      readonly handler: (event: unknown, context: Context) => Promise<unknown>;
      readonly aliases?: readonly string[];
    };

export type Invocation = {
  readonly functionArn: string;
  /** `Event` or `RequestResponse` */
  readonly type: string;
  /** The name for a durable execution. */
  readonly name?: string | undefined;
  readonly payload: string;
};

export type InvokeReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Gets the state of executions, for `GetDurableExecution`. */
export type ExecutionListener = {
  running(arn: string, name: string): void;
  ended(arn: string, result: ExecutionResult): void;
};

/** Lambda's limits. */
const NAME = /^[\w-]{1,64}$/;
const MOST_ASYNC_BYTES = 1_048_576;

type Started = { readonly arn: string; readonly payload: string; readonly functionArn: string };

export type Invoker = {
  serve(functionArn: string, served: ServedFunction): void;
  invoke(invocation: Invocation): Promise<InvokeReply>;
  /** Resolves when every asynchronous invocation has ended. */
  settled(): Promise<void>;
};

/**
 * Lambda's `Invoke`. Durable functions run in this process, and the name of an execution is its idempotency key, as in
 * AWS: https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
 */
export function createInvoker(listener: ExecutionListener): Invoker {
  const functionsByArn = new Map<string, ServedFunction>();
  const startsByName = new Map<string, Started>();
  const underWay = new Set<Promise<unknown>>();

  function runInBackground(work: Promise<unknown>): void {
    // Lambda only writes a log line about a failure.
    const ending = work.catch(() => undefined).finally(() => underWay.delete(ending));
    underWay.add(ending);
  }

  function startDurable(served: ServedFunction & { kind: "durable" }, invocation: Invocation): InvokeReply {
    const { name = randomUUID(), payload, functionArn, type } = invocation;
    if (type !== "Event") return refuse(400, "InvalidParameterValueException", "start a durable function with Event");
    if (!NAME.test(name)) return refuse(400, "InvalidParameterValueException", `a bad DurableExecutionName: ${name}`);
    const before = startsByName.get(name);
    if (before !== undefined) return before.payload === payload ? accept(before.arn) : refuseTaken(name);
    const arn = toExecutionArn(functionArn, name);
    startsByName.set(name, { arn, payload, functionArn });
    listener.running(arn, name);
    runInBackground(runDurable(served, arn, payload).then((result) => listener.ended(arn, result)));
    return accept(arn);
  }

  return {
    serve: (functionArn, served) => {
      functionsByArn.set(functionArn, served);
      const { aliases = [] } = served.kind === "plain" ? served : {};
      for (const alias of aliases) functionsByArn.set(`${functionArn}:${alias}`, served);
    },
    async invoke(invocation) {
      const served = functionsByArn.get(invocation.functionArn);
      if (served === undefined) return refuseUnknown(invocation.functionArn, functionsByArn);
      if (invocation.type === "Event" && Buffer.byteLength(invocation.payload) > MOST_ASYNC_BYTES) {
        return refuse(413, "RequestTooLargeException", "the payload is larger than 1048576 bytes");
      }
      if (served.kind === "durable") return startDurable(served, invocation);
      const answer = callPlain(served.handler, invocation);
      if (invocation.type !== "Event") return answer;
      runInBackground(answer);
      return { status: 202, body: "" };
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

async function runDurable(
  { handler, skipWaits = false, speed = 1 }: ServedFunction & { kind: "durable" },
  executionArn: string,
  payload: string,
): Promise<ExecutionResult> {
  const folder = mkdtempSync(join(tmpdir(), "cutover-execution-"));
  try {
    const file = join(folder, "checkpoints.jsonl");
    return await runExecution({ handler, file, executionArn, payload: JSON.parse(payload), skipWaits, speed });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An execution belongs to the version behind the alias: `…:function:cutover:1/durable-execution/<name>/<id>`. */
function toExecutionArn(functionArn: string, name: string): string {
  const unqualified = functionArn.split(":").slice(0, 7).join(":");
  return `${unqualified}:1/durable-execution/${name}/${randomUUID()}`;
}

/** The reply of Lambda's Node.js runtime, also for an error. */
async function callPlain(
  handler: Extract<ServedFunction, { readonly kind: "plain" }>["handler"],
  { payload, functionArn }: Invocation,
): Promise<InvokeReply> {
  try {
    const answer = await handler(JSON.parse(payload), { invokedFunctionArn: functionArn, awsRequestId: randomUUID() });
    return { status: 200, body: JSON.stringify(answer ?? null) };
  } catch (error) {
    const { name, message, stack = "" } = error instanceof Error ? error : new Error(String(error), { cause: error });
    const body = JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split("\n") });
    return { status: 200, headers: { "x-amz-function-error": "Unhandled" }, body };
  }
}

function accept(arn: string): InvokeReply {
  return { status: 202, headers: { "x-amz-durable-execution-arn": arn }, body: "" };
}

function refuseTaken(name: string): InvokeReply {
  return refuse(409, "DurableExecutionAlreadyStartedException", `Durable execution with name ${name} already exists`);
}

function refuseUnknown(functionArn: string, functionsByArn: ReadonlyMap<string, ServedFunction>): InvokeReply {
  const isUnqualified = [...functionsByArn].some(
    ([arn, { kind }]) => kind === "durable" && arn.startsWith(`${functionArn}:`),
  );
  return isUnqualified
    ? refuse(400, "InvalidParameterValueException", "You cannot invoke a durable function using an unqualified ARN.")
    : refuse(404, "ResourceNotFoundException", `Function not found: ${functionArn}`);
}

function refuse(status: number, code: string, message: string): InvokeReply {
  return { status, headers: { "x-amzn-errortype": code }, body: JSON.stringify({ Type: "User", Message: message }) };
}
