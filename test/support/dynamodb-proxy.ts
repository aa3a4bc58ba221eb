import { Pool } from "undici";
import { listenOnLoopback, readBody } from "../../local/aws/loopback.ts";

/** A request to DynamoDB on its way: before it is passed on, and after it was done but not yet answered. */
export interface ProxiedRequest {
  /** `UpdateItem`, … */
  readonly operation: string;
  readonly body: string;
  readonly phase: "arrived" | "done";
  /** What DynamoDB answered, when the request is done. */
  readonly reply?: string;
}

/** `lose`: the connection is cut instead of an answer; a request that has only arrived is then never done. */
export type ProxyListener = (request: ProxiedRequest) => Verdict | Promise<Verdict>;

type Verdict = "lose" | undefined;

export interface DynamoDbProxy {
  readonly address: string;
  /** Tells of every request, and waits for the listener. */
  listener: ProxyListener;
  close(): Promise<void>;
}

/**
 * Stands between a worker and its ledger, to hold a request or to lose its answer at a chosen moment. `more` is asked with
 * each request.
 */
export async function startDynamoDbProxy(target: string, more?: object): Promise<DynamoDbProxy> {
  const dynamodb = new Pool(target);
  const proxy = { listener: (() => undefined) as ProxyListener };
  const server = await listenOnLoopback(async (request, response) => {
    const sent = await readBody(request);
    const body = more === undefined ? sent : JSON.stringify({ ...JSON.parse(sent), ...more });
    const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
    const lost = async (told: Pick<ProxiedRequest, "phase" | "reply">) => {
      const verdict = await proxy.listener({ operation, body, ...told });
      if (verdict === "lose") request.socket.destroy();
      return verdict === "lose";
    };
    if (await lost({ phase: "arrived" })) return;
    const passed = Object.entries(request.headers).filter(([name]) => /^(x-amz|authorization|content-type)/.test(name));
    const headers = Object.fromEntries(passed);
    const reply = await dynamodb.request({ path: "/", method: "POST", headers, body });
    const text = await reply.body.text();
    if (await lost({ phase: "done", reply: text })) return;
    response.writeHead(reply.statusCode, { "content-type": "application/x-amz-json-1.0" }).end(text);
  });
  return Object.assign(proxy, {
    address: server.address,
    close: () => server.close().finally(() => dynamodb.destroy()),
  });
}
