import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ExecutionResult } from "../durable/run-execution.ts";
import { createInvoker, type Invocation, type InvokeReply, type ServedFunction } from "./lambda-invoke.ts";
import { type Answer, listenOnLoopback, readBody } from "./loopback.ts";

type RunningStatus = "RUNNING" | "PAUSING" | "PAUSED" | "DELETING";
type EndedStatus = "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";

export type LambdaExecutions = {
  readonly address: string;
  /** Makes Lambda report this execution as running, or as in another state in which it has not ended. */
  running(arn: string, status?: RunningStatus): void;
  /** Makes Lambda report this execution as ended; `at` defaults to now. */
  ended(arn: string, status: EndedStatus, at?: Date): void;
  /** Makes Lambda forget this execution, as after its retention period. */
  forget(arn: string): void;
  /** The ARNs of the requested executions, in order. */
  requests(): readonly string[];
  /** Makes `Invoke` find this function by the ARN of a version or an alias. */
  serve(functionArn: string, served: ServedFunction): void;
  /** The invocations so far, in order. */
  invocations(): readonly Invocation[];
  /** Resolves when every asynchronous invocation has ended. */
  settled(): Promise<void>;
  /** The next `times` invocations of this function are refused with this error code, as when Lambda throttles. */
  failNext(functionArn: string, times: number, code: string): void;
  close(): Promise<void>;
};

type Execution = {
  readonly name: string;
  readonly startedAt: Date;
  readonly status: RunningStatus | EndedStatus;
  readonly endedAt?: Date;
  /** The result or the error, when the execution ran in this process. */
  readonly end?: ExecutionResult;
};

const PATH = /^\/2025-12-01\/durable-executions\/([^/]+)$/;
const CHECKPOINT = /^\/2025-12-01\/durable-executions\/[^/]+\/checkpoint$/;
/** Every path of Lambda's API begins with the API's version. */
const VERSION = /^\/20\d\d-\d\d-\d\d\//;
const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const STATUSES = new Map([
  ["TooManyRequestsException", 429],
  ["RequestTooLargeException", 413],
]);

export type LambdaOptions = {
  /** @default 0, any free port */
  readonly port?: number | undefined;
  /** Answers every request outside of Lambda's paths, so that other stand-ins share the address. */
  readonly others?: Answer | undefined;
  /** A folder in which the executions outlive this process. */
  readonly folder?: string | undefined;
};

/**
 * The part of AWS Lambda that invokes functions and reports the state of durable executions, on loopback, for the real
 * SDK client.
 */
export async function startLambdaExecutions({
  port = 0,
  others,
  folder,
}: LambdaOptions = {}): Promise<LambdaExecutions> {
  const executionsByArn = new Map<string, Execution>();
  const requests: string[] = [];
  const invocations: Invocation[] = [];
  let failure = { functionArn: "", times: 0, code: "" };
  const invoker = createInvoker(
    {
      running: (arn, name) => executionsByArn.set(arn, { name, startedAt: new Date(), status: "RUNNING" }),
      ended: (arn, end) => {
        const { name, startedAt } = executionsByArn.get(arn) ?? { name: nameOf(arn), startedAt: new Date() };
        executionsByArn.set(arn, { name, startedAt, status: end.status, endedAt: new Date(), end });
      },
    },
    folder,
  );

  async function invoke(invocation: Invocation): Promise<InvokeReply> {
    invocations.push(invocation);
    if (failure.times === 0 || failure.functionArn !== invocation.functionArn) return invoker.invoke(invocation);
    failure = { ...failure, times: failure.times - 1 };
    const status = STATUSES.get(failure.code) ?? 500;
    return { status, headers: { "x-amzn-errortype": failure.code }, body: '{"Message":"refused on request"}' };
  }

  function describe(method: string | undefined, pathname: string): InvokeReply {
    if (CHECKPOINT.test(pathname)) return STALE_TOKEN;
    const [, encoded] = PATH.exec(pathname) ?? [];
    const arn = encoded && decodeURIComponent(encoded);
    if (arn) requests.push(arn);
    const execution = arn && method === "GET" ? executionsByArn.get(arn) : undefined;
    if (arn && execution) return { status: 200, body: JSON.stringify(toWire(arn, execution)) };
    return {
      status: 404,
      headers: { "x-amzn-errortype": "ResourceNotFoundException" },
      body: JSON.stringify({ Type: "User", Message: `Durable execution not found: ${arn ?? pathname}` }),
    };
  }

  const server = await listenOnLoopback(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (others !== undefined && !VERSION.test(pathname)) return others(request, response);
    const [, invoked] = INVOKE.exec(pathname) ?? [];
    const reply =
      invoked === undefined
        ? describe(request.method, pathname)
        : await invoke(await toInvocation(toArn(decodeURIComponent(invoked), searchParams.get("Qualifier")), request));
    const headers = { "content-type": "application/json", "x-amzn-requestid": randomUUID(), ...reply.headers };
    response.writeHead(reply.status, headers).end(reply.body);
  }, port);

  return {
    address: server.address,
    running: (arn, status = "RUNNING") => {
      executionsByArn.set(arn, { name: nameOf(arn), startedAt: new Date(), status });
    },
    ended: (arn, status, at = new Date()) => {
      const { name, startedAt } = executionsByArn.get(arn) ?? { name: nameOf(arn), startedAt: at };
      executionsByArn.set(arn, { name, startedAt, status, endedAt: at });
    },
    forget: (arn) => {
      executionsByArn.delete(arn);
    },
    requests: () => [...requests],
    serve: invoker.serve,
    invocations: () => [...invocations],
    settled: invoker.settled,
    failNext: (functionArn, times, code) => {
      failure = { functionArn, times, code };
    },
    close: server.close,
  };
}

/** The checkpoints of a run on this machine go to a file, so every token that arrives here is one of a past invocation. */
const STALE_TOKEN: InvokeReply = {
  status: 400,
  headers: { "x-amzn-errortype": "InvalidParameterValueException" },
  body: JSON.stringify({ Type: "User", message: "Invalid checkpoint token" }),
};

/** `name`, `name:alias` or an ARN of either, with a qualifier besides: as Lambda reads `FunctionName` and `Qualifier`. */
function toArn(functionName: string, qualifier: string | null): string {
  const arn = functionName.startsWith("arn:") ? functionName : `${FUNCTIONS}${functionName}`;
  return qualifier === null || arn.split(":")[7] === qualifier ? arn : `${arn}:${qualifier}`;
}

const FUNCTIONS = "arn:aws:lambda:us-east-1:000000000000:function:";

async function toInvocation(functionArn: string, request: IncomingMessage): Promise<Invocation> {
  const header = (name: string) => request.headers[name]?.toString();
  return {
    functionArn,
    type: header("x-amz-invocation-type") ?? "RequestResponse",
    name: header("x-amz-durable-execution-name"),
    clientContext: header("x-amz-client-context"),
    payload: await readBody(request),
  };
}

/** An execution's ARN is `<function ARN with version>/durable-execution/<name>/<id>`. */
function nameOf(arn: string): string {
  return arn.split("/")[2] ?? arn;
}

function toWire(arn: string, { name, startedAt, status, endedAt, end }: Execution): object {
  return {
    DurableExecutionArn: arn,
    DurableExecutionName: name,
    FunctionArn: arn.split("/")[0],
    StartTimestamp: startedAt.getTime() / 1000,
    Status: status,
    ...(endedAt ? { EndTimestamp: endedAt.getTime() / 1000 } : {}),
    ...(end?.status === "SUCCEEDED" ? { Result: JSON.stringify(end.result) } : {}),
    ...(end?.status === "FAILED" ? { Error: { ErrorType: end.error.name, ErrorMessage: end.error.message } } : {}),
  };
}
