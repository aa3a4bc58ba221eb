import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import type { EmulatedCustomer } from "./emulated-customer.ts";
import { FaultSpecError } from "./faults.ts";
import { noContent, type Reply, reply, toReply } from "./reply.ts";
import type { EmulatorStats } from "./stats.ts";
import { readRequestText, send } from "./wire.ts";

/** The prefix of control requests, which are not part of Evo Voice. */
export const controlPrefix = "/emulator/";

/** Controls of an emulator outside its API, for its process and for control requests. */
export interface EmulatorControls {
  /** The main account. */
  readonly accountId: string;
  /** A second account with a few customers; only a system administrator can see it. */
  readonly otherAccountId: string;
  customers(): Iterable<EmulatedCustomer>;
  customer(id: string): EmulatedCustomer | undefined;
  /** Changes the flag without counting a write. */
  setStaging(id: string, isStaging: boolean): void;
  /** Replaces the customer's tags. */
  setTags(id: string, tagNames: readonly string[]): void;
  /** Sessions stay valid; locked users are unlocked. */
  setPassword(password: string): void;
  endSessions(): void;
  setFaults(spec: string): void;
  stats(): EmulatorStats;
}

/** Answers a control request, without rate limit, count or fault. */
export async function serveControl(
  emulator: EmulatorControls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "").slice(controlPrefix.length).split("?")[0] ?? "";
  try {
    const text = await readRequestText(request);
    const answer = control(emulator, `${request.method} ${path}`, text);
    await send(response, answer, true);
  } catch (error) {
    const status = error instanceof FaultSpecError || error instanceof SyntaxError ? 400 : 500;
    await send(response, { status, kind: "text", body: error instanceof Error ? error.message : String(error) }, true);
  }
}

function control(emulator: EmulatorControls, request: string, text: string): Reply {
  const [, method, customerId] = /^(GET|PUT) customers\/([^/]+)$/.exec(request) ?? [];
  if (customerId !== undefined) return controlCustomer(emulator, customerId, method === "PUT" ? text : undefined);
  switch (request) {
    case "GET accounts":
      return toReply({ accountId: emulator.accountId, otherAccountId: emulator.otherAccountId });
    case "GET customers":
      return { ...reply(toLines(emulator)), kind: "text" };
    case "GET stats":
      return toReply(emulator.stats());
    case "PUT faults":
      emulator.setFaults(text);
      return noContent;
    case "POST end-sessions":
      emulator.endSessions();
      return noContent;
    case "PUT password":
      emulator.setPassword(text);
      return noContent;
    default:
      return { status: 404, kind: "text", body: "no such control endpoint, see docs/emulator.md" };
  }
}

/** Shows a customer, or changes its flag or tags. */
function controlCustomer(emulator: EmulatorControls, customerId: string, text: string | undefined): Reply {
  const customer = emulator.customer(customerId);
  if (customer === undefined) return { status: 404, kind: "text", body: `no customer ${customerId}` };
  if (text === undefined) return toReply(customer);
  const parsed = CustomerChange.safeParse(JSON.parse(text));
  if (!parsed.success)
    return { status: 400, kind: "text", body: 'expected {"isStaging": true|false} or {"tagNames": ["vip", …]}' };
  const { isStaging, tagNames } = parsed.data;
  if (isStaging !== undefined) emulator.setStaging(customerId, isStaging);
  if (tagNames !== undefined) emulator.setTags(customerId, tagNames);
  return noContent;
}

const CustomerChange = z
  .strictObject({ isStaging: z.boolean().optional(), tagNames: z.array(z.string()).optional() })
  .refine((change) => Object.keys(change).length > 0);

const linesInOnePiece = 1000;

/** One customer a line, in pieces, so that a million customers do not fill the memory. */
function* toLines(emulator: EmulatorControls): Generator<string> {
  let piece = "";
  let lines = 0;
  for (const { id, accountId, isStaging, writes } of emulator.customers()) {
    piece += `{"id":"${id}","accountId":"${accountId}","isStaging":${isStaging},"writes":${writes}}\n`;
    if (++lines % linesInOnePiece === 0) {
      yield piece;
      piece = "";
    }
  }
  yield piece;
}
