import { randomUUID } from "node:crypto";
import { createFailures, listenOnLoopback, readBody, sendJson } from "./loopback.ts";

/** An entry with its parsed detail. */
export type SentEvent = {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  /** Epoch seconds. */
  readonly time?: number;
};

export type EventBridge = {
  readonly address: string;
  /** The accepted entries, in order. */
  events(): readonly SentEvent[];
  /** The number of calls, refused ones included. */
  calls(): number;
  /** The next `times` calls are refused with this error code. */
  failNext(times: number, code: string): void;
  /** The next `times` calls succeed, but their entries are refused with this code. */
  failEntries(times: number, code: string): void;
  close(): Promise<void>;
};

type Entry = {
  readonly EventBusName?: string;
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Time?: number;
};

/** EventBridge's limits: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST_ENTRIES = 10;
const MOST_BYTES = 262_144;

/** The part of Amazon EventBridge that takes events, on loopback, for the real SDK client: AWS JSON 1.1. */
export async function startEventBridge(onEvent: (event: SentEvent) => void = () => {}): Promise<EventBridge> {
  const events: SentEvent[] = [];
  let calls = 0;
  const failures = createFailures();
  const entryFailures = createFailures();

  function put(entry: Entry, refusal: string | undefined): object {
    const code = refusal ?? findProblem(entry);
    if (code !== undefined) return { ErrorCode: code, ErrorMessage: `refused: ${code}` };
    const event = toSent(entry);
    events.push(event);
    onEvent(event);
    return { EventId: randomUUID() };
  }

  const server = await listenOnLoopback(async (request, response) => {
    calls += 1;
    const { Entries: entries = [] } = JSON.parse(await readBody(request)) as { readonly Entries?: readonly Entry[] };
    const isKnown = request.headers["x-amz-target"] === "AWSEvents.PutEvents";
    const code = isKnown ? (failures.take() ?? findRequestProblem(entries)) : "UnknownOperationException";
    if (code !== undefined) {
      const status = code.startsWith("Internal") ? 500 : 400;
      return sendJson(response, status, { __type: code, message: `refused: ${code}` });
    }
    const refusal = entryFailures.take();
    const results = entries.map((entry) => put(entry, refusal));
    const FailedEntryCount = results.filter((result) => "ErrorCode" in result).length;
    sendJson(response, 200, { FailedEntryCount, Entries: results });
  });

  return {
    address: server.address,
    events: () => [...events],
    calls: () => calls,
    failNext: failures.failNext,
    failEntries: entryFailures.failNext,
    close: server.close,
  };
}

function findRequestProblem(entries: readonly Entry[]): string | undefined {
  const bytes = entries.reduce((total, entry) => total + Buffer.byteLength(JSON.stringify(entry)), 0);
  return entries.length === 0 || entries.length > MOST_ENTRIES || bytes > MOST_BYTES
    ? "ValidationException"
    : undefined;
}

function findProblem({ Source: source = "", DetailType: type = "", Detail: detail = "" }: Entry): string | undefined {
  if (source === "" || type === "") return "InvalidArgument";
  if (source.startsWith("aws.")) return "NotAuthorizedForSource";
  try {
    const json: unknown = JSON.parse(detail);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? undefined : "MalformedDetail";
  } catch {
    return "MalformedDetail";
  }
}

function toSent({ EventBusName = "default", Source = "", DetailType = "", Detail = "{}", Time }: Entry): SentEvent {
  return {
    bus: EventBusName,
    source: Source,
    detailType: DetailType,
    detail: JSON.parse(Detail),
    ...(Time !== undefined && { time: Time }),
  };
}
