import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { endSignIn, ruleSignIn, type SignIns } from "../../lambda/core/sign-in.ts";
import { createEvoVoice, type EvoVoiceOptions } from "../../lambda/evovoice/evo-voice.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

/** `drop` ends the connection, `silence` never answers. */
export type Scripted =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | string[]>>;
      readonly body?: unknown;
    }
  | "drop"
  | "silence";

export type Script = (request: Received) => Scripted | undefined;

export type ScriptedServer = Awaited<ReturnType<typeof startScriptedServer>>;

const SIGNED_IN: Scripted = { headers: { "set-cookie": ["ss-id=cookie-1; path=/", "ss-opt=temp"] }, body: {} };

/** A server that answers as a test says, and a sign-in as usual unless it is told otherwise. */
export async function startScriptedServer(script: Script) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://loopback");
    const got: Received = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      atMs: performance.now(),
    };
    received.push(got);
    const answer = script(got) ?? (got.path === "/auth/credentials" ? SIGNED_IN : { status: 404 });
    if (answer === "drop") return request.socket.destroy();
    if (answer === "silence") return undefined;
    const { status = 200, headers = {}, body } = answer;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    return response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** How many requests came for this path. */
    count: (path: string) => received.filter((request) => request.path === path).length,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const LOGIN = { userName: "operator@example.com", password: "Harbour-hunter2!", versionId: "v1" };

export interface ConnectOptions {
  readonly retries?: Partial<EvoVoiceOptions["retries"]>;
  /** How long until the part ends. */
  readonly lastsMs?: number;
  readonly concurrency?: number;
}

/** The client as the worker builds it, with a ledger in memory. */
export function connectTo(
  { address }: Pick<ScriptedServer, "address">,
  { retries, lastsMs = 20_000, concurrency = 50 }: ConnectOptions = {},
) {
  let signIns: SignIns = { tries: [] };
  const evoVoice = createEvoVoice({
    baseUrl: address,
    retries: { attempts: 3, mostBackoffMs: 5, requestTimeoutMs: 2_000, ...retries },
    session: {
      readLogin: async () => LOGIN,
      beginSignIn: async () => {
        const ruling = ruleSignIn(signIns, Date.now());
        if (ruling.kind === "may begin") signIns = { ...signIns, tries: [...signIns.tries, ruling.atMs] };
        return ruling;
      },
      endSignIn: async (_versionId, begunAtMs, end) => {
        signIns = endSignIn(signIns, begunAtMs, end);
      },
      countRefusal: () => undefined,
    },
  });
  const lines: object[] = [];
  const connection = evoVoice.connect({
    log: { info: (message, fields) => lines.push({ message, ...fields }) },
    limits: { startPerSecond: 10_000, minPerSecond: 1, maxPerSecond: 10_000 },
    concurrency,
    deadlineMs: Date.now() + lastsMs,
  });
  return { ...connection, lines, signIns: () => signIns };
}

export const FLIP = { customerId: "c1", isStaging: true };
export const POST = "/customers/c1/staging";
export const GET = "/customers/c1";
export const INFO = { id: "c1", accountId: "a1", name: "Acme", isStaging: true };
/** What must stand in no error. */
export const SECRET_TEXT = `${LOGIN.password} ss-id=cookie-1`;

export function error(status: number, errorCode: string): Scripted {
  return { status, body: { responseStatus: { errorCode, message: SECRET_TEXT, meta: { x: SECRET_TEXT } } } };
}

/** Answers each path's requests in turn; the last answer stays. */
export function inTurn(answers: Readonly<Record<string, readonly Scripted[]>>): Script {
  const asked = new Map<string, number>();
  return ({ path }) => {
    const turn = asked.get(path) ?? 0;
    asked.set(path, turn + 1);
    const of = answers[path];
    return of?.[Math.min(turn, of.length - 1)];
  };
}
