import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { applyFault, type FaultedReply, toTooMany } from "./apply-fault.ts";
import type { OperationName } from "./operation-names.ts";
import { operations } from "./operations.ts";
import { bindParameters, getText, type Parameters } from "./parameters.ts";
import { type PickedFault, pickFault, type RequestFacts } from "./pick-fault.ts";
import { takeFromWindow } from "./rate-limit.ts";
import {
  forbidden,
  loginPage,
  notFound,
  type Reply,
  redirectToLogin,
  toErrorPage,
  toErrorReply,
  toServiceError,
  unauthorized,
} from "./reply.ts";
import { findRoute, type Route } from "./routes.ts";
import { notifyListeners, type Service } from "./service.ts";
import { ServiceError } from "./service-error.ts";
import { findSession, type ServerSession } from "./sessions.ts";
import { findSignInTrouble } from "./sign-in-trouble.ts";
import { doLateWrites } from "./state.ts";
import { count } from "./stats.ts";
import { readRequestText, send, sendHalf, wantsJson } from "./wire.ts";

interface ServedRequest {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly asJson: boolean;
}

/** Answers one request of the Evo Voice API with its fault. */
export async function serveRequest(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { counters } = service;
  counters.inFlight++;
  counters.peakInFlight = Math.max(counters.peakInFlight, counters.inFlight);
  response.once("close", () => {
    counters.inFlight--;
  });
  const { path, query } = splitUrl(request.url ?? "/");
  const asJson = wantsJson(request.headers.accept, query);
  const served: ServedRequest = { service, request, response, method: request.method ?? "GET", path, query, asJson };
  try {
    await serveRoute(served);
  } catch (error) {
    await answer(served, toErrorReply(toServiceError(error)));
  }
}

function splitUrl(url: string): { path: string; query: string } {
  const at = url.indexOf("?");
  return at < 0 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

async function serveRoute(served: ServedRequest): Promise<void> {
  const { service, request, method, path, query } = served;
  if (service.state.faults.flags.has("refuse-curl") && /^(curl\/|$)/i.test(request.headers["user-agent"] ?? "")) {
    return answer(served, toErrorPage(403, "Forbidden"));
  }
  const route = findRoute(method, path);
  if (route === "no such path") return answer(served, path.toLowerCase() === "/login" ? loginPage : notFound);
  if (route === "no such method") {
    throw new ServiceError(405, "NotSupportedException", `${path} does not support ${method}`);
  }
  count(service.counters.requests, route.operation);
  const text = method === "GET" ? "" : await readRequestText(request);
  const body = { contentType: request.headers["content-type"] ?? "", text };
  return serveOperation(served, route, bindParameters(route.path, query, body));
}

async function serveOperation(served: ServedRequest, route: Route, parameters: Parameters): Promise<void> {
  const { service, request, method, path } = served;
  const { state, counters } = service;
  doLateWrites(state);
  const customerId = getText(parameters, "customerId");
  const about = { operation: route.operation, method, path, ...(customerId !== undefined && { customerId }) };
  await notifyListeners(service, about, "arrived");
  const retryAfterSeconds = state.faults.numbers["retry-after"];
  if (!takeFromWindow(service.window, state.faults.numbers["rate-limit"], Date.now())) {
    return answer(served, toTooMany(counters.refused429, retryAfterSeconds));
  }
  const session = findSession(state.sessions, request.headers, state.faults);
  const refusal = checkAccess(served, route.operation, session);
  if (refusal !== undefined) return answer(served, refusal);
  const fault = decide(service, route.operation, parameters);
  await delay(service, fault);
  const trouble = route.operation === "Authenticate" ? findSignInTrouble(state, path, Date.now()) : undefined;
  if (trouble !== undefined) return answer(served, trouble);
  const perform = async (): Promise<Reply> => {
    const operation = operations[route.operation];
    const call = { state, parameters, headers: request.headers, user: session?.user, fault };
    const reply = attempt(() => operation.run(call));
    if (operation.writes && reply.status === 200) await notifyListeners(service, about, "written");
    const doneBut = route.operation === "SetCustomerStagingMode" ? state.faults.numbers["done-but"] : 0;
    if (doneBut > 0) return toErrorReply(new ServiceError(doneBut, "DoneBut", "The flag was set all the same."));
    return reply;
  };
  await deliver(served, await applyFault({ fault, path, retryAfterSeconds, perform }));
  if (served.response.writableEnded) await notifyListeners(service, about, "answered");
}

/** Without a session: 401 without a body, or for a browser a redirect to the login page. With the wrong role: 403. */
function checkAccess(
  served: ServedRequest,
  name: OperationName,
  session: ServerSession | undefined,
): Reply | undefined {
  const { roles } = operations[name];
  if (roles === "all") return undefined;
  const isRefused = name === "SetCustomerStagingMode" && served.service.state.faults.flags.has("writes-401");
  if (session !== undefined && isRefused) return unauthorized;
  if (session === undefined) return served.asJson ? unauthorized : redirectToLogin(served.path);
  return roles.includes(session.user.role) ? undefined : forbidden;
}

function decide({ state, counters }: Service, operation: OperationName, parameters: Parameters): PickedFault {
  const { seed, faults, attempts } = state;
  const fault = pickFault(seed, faults, attempts, () => toFacts(operation, parameters));
  if (fault.name !== undefined) count(counters.faults, fault.name);
  return fault;
}

function toFacts(operation: OperationName, parameters: Parameters): RequestFacts {
  const key = getText(parameters, "customerId");
  if (key !== undefined || operation === "Authenticate") return { operation, key: key ?? "" };
  return { operation, key: JSON.stringify([...parameters].sort()) };
}

async function delay({ state, counters }: Service, { tailMs }: PickedFault): Promise<void> {
  const { numbers } = state.faults;
  const delayMs = numbers.latency + tailMs + numbers["latency-load"] * (counters.inFlight - 1);
  if (delayMs > 0) await sleep(delayMs);
}

function attempt(run: () => Reply): Reply {
  try {
    return run();
  } catch (error) {
    return toErrorReply(toServiceError(error));
  }
}

async function deliver(served: ServedRequest, delivery: FaultedReply): Promise<void> {
  switch (delivery.how) {
    case "reply":
      return answer(served, delivery.reply);
    case "half":
      return sendHalf(served.response, delivery.reply, delivery.cut);
    case "hang-up":
      served.request.socket.destroy();
      return;
    case "silence":
      return;
  }
}

async function answer({ service, request, response, asJson }: ServedRequest, reply: Reply): Promise<void> {
  if (reply.status === 429) {
    service.counters.refused429++;
  } else if (reply.status === 401) {
    service.counters.refused401++;
  }
  if (response.headersSent || response.destroyed) return;
  await send(response, reply, asJson);
  if (!request.complete) {
    // The server would read the rest of the body as the next request.
    response.once("finish", () => request.socket.destroySoon());
  }
}
