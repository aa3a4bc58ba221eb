import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { findRow } from "./customer-table.ts";
import { type Ending, endRequest, toTooMany } from "./endings.ts";
import { decideMisfortune, type Misfortune, type RequestFacts } from "./misfortune.ts";
import type { OperationName } from "./operation-names.ts";
import { operations } from "./operations.ts";
import { bindParameters, getText, type Parameters } from "./parameters.ts";
import { takeFromWindow } from "./rate-limit.ts";
import {
  forbidden,
  loginPage,
  noContent,
  notFound,
  type Reply,
  redirectToLogin,
  toErrorPage,
  toErrorReply,
  toServiceError,
  unauthorized,
} from "./reply.ts";
import { findRoute, type Route } from "./routes.ts";
import { type Service, tell } from "./service.ts";
import { ServiceError } from "./service-error.ts";
import { findSession, type Session } from "./sessions.ts";
import { count } from "./stats.ts";
import { readBody, send, sendHalf, wantsJson } from "./wire.ts";
import type { World } from "./world.ts";

/** One request on its way through the emulator. */
interface Exchange {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  asJson: boolean;
}

/** Answers one request of the Evo Voice API, or does to it what the faults demand. */
export async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { counters } = service;
  counters.inFlight++;
  counters.peakInFlight = Math.max(counters.peakInFlight, counters.inFlight);
  response.once("close", () => {
    counters.inFlight--;
  });
  const { path, query } = splitUrl(request.url ?? "/");
  const asJson = wantsJson(request.headers.accept, query);
  const exchange: Exchange = { service, request, response, method: request.method ?? "GET", path, query, asJson };
  try {
    await serveRoute(exchange);
  } catch (error) {
    await answer(exchange, toErrorReply(toServiceError(error)));
  }
}

function splitUrl(url: string): { path: string; query: string } {
  const at = url.indexOf("?");
  return at < 0 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

async function serveRoute(exchange: Exchange): Promise<void> {
  const { service, request, method, path, query } = exchange;
  if (service.world.faults.flags.has("refuse-curl") && /^(curl\/|$)/i.test(request.headers["user-agent"] ?? "")) {
    return answer(exchange, toErrorPage(403, "Forbidden"));
  }
  const route = findRoute(method, path);
  if (route === "no such path") {
    return answer(exchange, path.toLowerCase() === "/login" ? loginPage : notFound);
  }
  if (route === "no such method") {
    throw new ServiceError(405, "NotSupportedException", `${path} does not support ${method}`);
  }
  exchange.asJson ||= route.format === "data";
  count(service.counters.requests, route.operation);
  const text = method === "GET" ? "" : await readBody(request);
  const body = { contentType: request.headers["content-type"] ?? "", text };
  return serveOperation(exchange, route, bindParameters(route.path, query, body));
}

async function serveOperation(exchange: Exchange, route: Route, parameters: Parameters): Promise<void> {
  const { service, request, method, path } = exchange;
  const { world, counters } = service;
  const customerId = getText(parameters, "customerId");
  const about = { operation: route.operation, method, path, ...(customerId !== undefined && { customerId }) };
  await tell(service, about, "arrived");
  const retryAfterSeconds = world.faults.numbers["retry-after"];
  if (!takeFromWindow(service.window, world.faults.numbers["rate-limit"], Date.now())) {
    return answer(exchange, toTooMany(counters.refused429, retryAfterSeconds));
  }
  const session = findSession(world.sessions, request.headers, world.faults);
  const refusal = checkAccess(exchange, route.operation, session);
  if (refusal !== undefined) {
    return answer(exchange, refusal);
  }
  const misfortune = decide(service, toFacts(world, route.operation, parameters));
  await delay(service, misfortune);
  const perform = async (): Promise<Reply> => {
    const operation = operations[route.operation];
    const call = { world, parameters, headers: request.headers, method, user: session?.user, misfortune };
    const reply = attempt(() => operation.run(call));
    if (operation.writes && reply.status === 200) {
      await tell(service, about, "written");
    }
    return route.format === "one-way" && reply.status === 200 ? noContent : reply;
  };
  await conclude(exchange, await endRequest({ misfortune, path, retryAfterSeconds, perform }));
  if (exchange.response.writableEnded) {
    await tell(service, about, "answered");
  }
}

/** Nobody signed in: 401 without a body, or the way to the login page for a browser; the wrong role: 403. */
function checkAccess(exchange: Exchange, name: OperationName, session: Session | undefined): Reply | undefined {
  const { roles } = operations[name];
  if (roles === "everybody") {
    return undefined;
  }
  if (session === undefined) {
    return exchange.asJson ? unauthorized : redirectToLogin(exchange.path);
  }
  return roles.includes(session.user.role) ? undefined : forbidden;
}

function decide({ world, counters }: Service, facts: () => RequestFacts): Misfortune {
  const misfortune = decideMisfortune(world.seed, world.faults, world.attempts, facts);
  if (misfortune.fault !== undefined) {
    count(counters.faults, misfortune.fault);
  }
  return misfortune;
}

/** What is stable about a request: the customer it is about, or else all of its members. */
function toFacts(world: World, operation: OperationName, parameters: Parameters): () => RequestFacts {
  return () => {
    const customerId = getText(parameters, "customerId");
    if (customerId !== undefined) {
      return { operation, key: customerId, row: findRow(world.table, customerId) };
    }
    const key = operation === "Authenticate" ? "" : JSON.stringify([...parameters].sort());
    return { operation, key, row: -1 };
  };
}

async function delay({ world, counters }: Service, { tailMs }: Misfortune): Promise<void> {
  const { numbers } = world.faults;
  const delayMs = numbers.latency + tailMs + numbers["latency-load"] * (counters.inFlight - 1);
  if (delayMs > 0) {
    await sleep(delayMs);
  }
}

function attempt(run: () => Reply): Reply {
  try {
    return run();
  } catch (error) {
    return toErrorReply(toServiceError(error));
  }
}

async function conclude(exchange: Exchange, ending: Ending): Promise<void> {
  switch (ending.how) {
    case "reply":
      return answer(exchange, ending.reply);
    case "half":
      return sendHalf(exchange.response, ending.reply, ending.cut);
    case "hang-up":
      exchange.request.socket.destroy();
      return;
    case "silence":
      return;
  }
}

async function answer({ service, request, response, asJson }: Exchange, reply: Reply): Promise<void> {
  if (reply.status === 429) {
    service.counters.refused429++;
  } else if (reply.status === 401) {
    service.counters.refused401++;
  }
  if (response.headersSent || response.destroyed) {
    return;
  }
  await send(response, reply, asJson);
  if (!request.complete) {
    // What is left of an unread body would be taken for the next request.
    response.once("finish", () => request.socket.destroySoon());
  }
}
