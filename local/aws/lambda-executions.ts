import { randomUUID } from "node:crypto";
import { listenOnLoopback } from "./loopback.ts";

type EndedStatus = "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";

export type LambdaExecutions = {
  readonly address: string;
  /** From now on Lambda says that this execution runs. */
  running(arn: string, name?: string): void;
  /** From now on Lambda says that this execution ended; `at` defaults to now. */
  ended(arn: string, status: EndedStatus, at?: Date): void;
  /** From now on Lambda does not know this execution, as after its retention period. */
  forget(arn: string): void;
  /** The ARNs that were asked for, in order. */
  requests(): readonly string[];
  close(): Promise<void>;
};

type Execution = {
  readonly name: string;
  readonly startedAt: Date;
  readonly status: "RUNNING" | EndedStatus;
  readonly endedAt?: Date;
};

const PATH = /^\/2025-12-01\/durable-executions\/([^/]+)$/;

/** The part of AWS Lambda that says what became of a durable execution, on loopback, for the real SDK client. */
export async function startLambdaExecutions(): Promise<LambdaExecutions> {
  const executionsByArn = new Map<string, Execution>();
  const requests: string[] = [];

  const server = await listenOnLoopback(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, encoded] = PATH.exec(pathname) ?? [];
    const arn = encoded && decodeURIComponent(encoded);
    if (arn) requests.push(arn);
    const execution = arn && request.method === "GET" ? executionsByArn.get(arn) : undefined;
    const headers = { "content-type": "application/json", "x-amzn-requestid": randomUUID() };
    if (arn && execution) {
      response.writeHead(200, headers).end(JSON.stringify(toWire(arn, execution)));
    } else {
      response.writeHead(404, { ...headers, "x-amzn-errortype": "ResourceNotFoundException" });
      response.end(JSON.stringify({ Type: "User", Message: `Durable execution not found: ${arn ?? pathname}` }));
    }
  });

  return {
    address: server.address,
    running: (arn, name = nameOf(arn)) => {
      executionsByArn.set(arn, { name, startedAt: new Date(), status: "RUNNING" });
    },
    ended: (arn, status, at = new Date()) => {
      const { name, startedAt } = executionsByArn.get(arn) ?? { name: nameOf(arn), startedAt: at };
      executionsByArn.set(arn, { name, startedAt, status, endedAt: at });
    },
    forget: (arn) => {
      executionsByArn.delete(arn);
    },
    requests: () => [...requests],
    close: server.close,
  };
}

/** An execution's ARN is `<function ARN with version>/durable-execution/<name>/<id>`. */
function nameOf(arn: string): string {
  return arn.split("/")[2] ?? arn;
}

function toWire(arn: string, { name, startedAt, status, endedAt }: Execution): object {
  return {
    DurableExecutionArn: arn,
    DurableExecutionName: name,
    FunctionArn: arn.split("/")[0],
    StartTimestamp: startedAt.getTime() / 1000,
    Status: status,
    ...(endedAt ? { EndTimestamp: endedAt.getTime() / 1000 } : {}),
  };
}
