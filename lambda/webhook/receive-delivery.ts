import { describeValue } from "../contract/describe.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { ControlsError } from "../front-door/check-controls.ts";
import { answerAccepted, answerNothingToDo, answerRefused, answerUnavailable, type WebhookResponse } from "./answer.ts";
import { authenticate } from "./authenticate.ts";
import type { Delivery } from "./delivery.ts";
import { readGitHubDelivery } from "./github-delivery.ts";
import { mapDelivery, type NamedSource } from "./map-delivery.ts";
import type { WebhookPorts } from "./ports.ts";
import { type FunctionUrlRequest, readRequest, type WebhookRequest } from "./read-request.ts";
import { RefusedDeliveryError } from "./refused-delivery-error.ts";
import { readStandardDelivery } from "./standard-delivery.ts";

/** The webhook: checks the form and the signature, maps the payload to a deploy event and starts the rollout. It always answers. */
export async function receiveDelivery(ports: WebhookPorts, received: FunctionUrlRequest): Promise<WebhookResponse> {
  try {
    return await receive(ports, received);
  } catch (error) {
    const refusal = findRefusal(error);
    if (refusal !== undefined) return refuse(ports, refusal, received);
    ports.count("WebhookFailed");
    ports.log.error("delivery failed", { path: describeValue(received.rawPath), error: toError(error) });
    return answerUnavailable();
  }
}

async function receive(ports: WebhookPorts, received: FunctionUrlRequest): Promise<WebhookResponse> {
  const request = readRequest(received);
  const source = await authenticate(ports, request);
  const delivery = readDelivery(source, request);
  if (delivery === undefined) return ignore(ports, source, { what: request.header("x-github-event") });
  const { what } = delivery;
  const mapped = mapDelivery(source, delivery, ports.policy);
  if (!("event" in mapped)) return ignore(ports, source, { what, ...mapped });
  const started = await ports.start(mapped.event);
  ports.count("WebhookAccepted");
  const { rolloutId, status } = started;
  ports.log.info("delivery accepted", { source: source.name, what: describeValue(what), rolloutId, status });
  return answerAccepted(started);
}

function readDelivery({ source }: NamedSource, request: WebhookRequest): Delivery | undefined {
  const payload = parseJson(request.body);
  switch (source.kind) {
    case "github":
      return readGitHubDelivery(readGitHubHeaders(request), payload);
    case "standard":
      return readStandardDelivery(request.header("webhook-id"), payload);
  }
}

function readGitHubHeaders({ header }: WebhookRequest) {
  const [event, deliveryId] = [header("x-github-event"), header("x-github-delivery")];
  if (!/^[\w-]{1,100}$/.test(event) || !/^[\w-]{1,100}$/.test(deliveryId)) {
    throw new RefusedDeliveryError("expected the headers X-GitHub-Event and X-GitHub-Delivery", { status: 400 });
  }
  return { event, deliveryId };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new RefusedDeliveryError("expected a body of JSON", { status: 400, cause });
  }
}

/** Only the sender of a signed delivery gets so far that an event is refused, so it may read why. */
function findRefusal(error: unknown): RefusedDeliveryError | undefined {
  if (error instanceof RefusedDeliveryError) return error;
  if (!(error instanceof RefusedError)) return undefined;
  // The event is valid, but the controls or the lock forbid it now.
  const status = error instanceof ControlsError ? 409 : 422;
  return new RefusedDeliveryError(error.message, { status, cause: error });
}

interface Ignored {
  readonly what: string;
  readonly differences?: readonly string[];
}

function ignore({ log, count }: WebhookPorts, { name }: NamedSource, ignored: Ignored): WebhookResponse {
  const { what, differences = [] } = ignored;
  count("WebhookIgnored");
  log.info("delivery ignored: no mapping names it", { source: name, what: describeValue(what), differences });
  return answerNothingToDo();
}

/** Logs one short, escaped line: a stranger must neither fill nor forge the log. */
function refuse({ log }: WebhookPorts, error: RefusedDeliveryError, { rawPath }: FunctionUrlRequest): WebhookResponse {
  const { status, reason, message } = error;
  log.info("delivery refused", { status, reason: reason.slice(0, 2_000), path: describeValue(rawPath) });
  return answerRefused(status, message);
}

function toError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 2_000) : describeValue(error);
}
