import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { findStart } from "../durable/file-checkpoints.ts";
import { type ExecutionResult, runExecution } from "../durable/run-execution.ts";

/** What the Node.js runtime gives a handler, as far as ours read it. */
type Context = { readonly invokedFunctionArn: string; readonly awsRequestId: string; readonly clientContext?: unknown };

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
  /** JSON in Base64. */
  readonly clientContext?: string | undefined;
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

type DurableFunction = ServedFunction & { readonly kind: "durable" };
type Started = { readonly arn: string; readonly payload: string };

export type Invoker = {
  /** Resumes the executions of a durable function that the folder has. */
  serve(functionArn: string, served: ServedFunction): void;
  invoke(invocation: Invocation): Promise<InvokeReply>;
  /** Resolves when every asynchronous invocation has ended. */
  settled(): Promise<void>;
};

/**
 * Lambda's `Invoke`. Durable functions run in this process, and the name of an execution is its idempotency key, as in
 * AWS: https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
 * With a folder, the executions outlive this process.
 */
export function createInvoker(listener: ExecutionListener, folder?: string): Invoker {
  const functionsByArn = new Map<string, ServedFunction>();
  const startsByName = new Map<string, Started>();
  const underWay = new Set<Promise<unknown>>();

  function runInBackground(work: Promise<unknown>): void {
    // Lambda only writes a log line about a failure.
    const ending = work.catch(() => undefined).finally(() => underWay.delete(ending));
    underWay.add(ending);
  }

  function run(served: DurableFunction, name: string, started: Started): void {
    startsByName.set(name, started);
    listener.running(started.arn, name);
    const file = folder && join(folder, `${name}${CHECKPOINTS}`);
    runInBackground(runDurable(served, started, file).then((result) => listener.ended(started.arn, result)));
  }

  function resume(functionArn: string, served: DurableFunction): void {
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder)) {
      const started = findStart(join(folder, file));
      if (started?.arn.startsWith(`${unqualify(functionArn)}:`)) run(served, basename(file, CHECKPOINTS), started);
    }
  }

  function startDurable(served: DurableFunction, invocation: Invocation): InvokeReply {
    const { name = randomUUID(), payload, functionArn, type } = invocation;
    if (type !== "Event") return refuse(400, "InvalidParameterValueException", "start a durable function with Event");
    if (!NAME.test(name)) return refuse(400, "InvalidParameterValueException", `a bad DurableExecutionName: ${name}`);
    const before = startsByName.get(name);
    if (before !== undefined) return before.payload === payload ? accept(before.arn) : refuseTaken(name);
    const arn = toExecutionArn(functionArn, name);
    run(served, name, { arn, payload });
    return accept(arn);
  }

  return {
    serve: (functionArn, served) => {
      functionsByArn.set(functionArn, served);
      if (served.kind === "durable") resume(functionArn, served);
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

const CHECKPOINTS = ".jsonl";

/** Without a file, the checkpoints are not kept. */
async function runDurable(
  { handler, skipWaits = false, speed = 1 }: DurableFunction,
  { arn: executionArn, payload }: Started,
  file: string | undefined,
): Promise<ExecutionResult> {
  const run = { handler, executionArn, payload: JSON.parse(payload), skipWaits, speed };
  if (file !== undefined) return runExecution({ ...run, file });
  const folder = mkdtempSync(join(tmpdir(), "cutover-execution-"));
  try {
    return await runExecution({ ...run, file: join(folder, `checkpoints${CHECKPOINTS}`) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An execution belongs to the version behind the alias: `…:function:cutover:1/durable-execution/<name>/<id>`. */
function toExecutionArn(functionArn: string, name: string): string {
  return `${unqualify(functionArn)}:1/durable-execution/${name}/${randomUUID()}`;
}

function unqualify(functionArn: string): string {
  return functionArn.split(":").slice(0, 7).join(":");
}

/** The reply of Lambda's Node.js runtime, also for an error. */
async function callPlain(
  handler: Extract<ServedFunction, { readonly kind: "plain" }>["handler"],
  { payload, functionArn, clientContext }: Invocation,
): Promise<InvokeReply> {
  try {
    const answer = await handler(JSON.parse(payload), {
      invokedFunctionArn: functionArn,
      awsRequestId: randomUUID(),
      ...(clientContext && { clientContext: JSON.parse(Buffer.from(clientContext, "base64").toString()) }),
    });
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
