import { sees } from "./accounts.ts";
import { toDateText } from "./customer-info.ts";
import { findRow, getAccount, isPresent, toId } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { getList, getText, getWholeNumber } from "./parameters.ts";
import { mix } from "./random.ts";
import { type Reply, toReply } from "./reply.ts";

/** `GET /portal/active-sessions`: the calls of one customer that are on the line now. */
export function listActiveSessions(call: Call): Reply {
  const row = findRow(call.state.table, getText(call.parameters, "customerId") ?? "");
  const rows = row < 0 ? findBusyRows(call) : [row];
  const accountId = getText(call.parameters, "accountId");
  const sessions = rows
    .filter((candidate) => isVisible(call, candidate, accountId === undefined ? [] : [accountId]))
    .flatMap((candidate) => toSessions(call, candidate))
    .filter((session) => !session.ended);
  return toReply({ sessions });
}

/** `GET /sessions`: calls of the last days, ended ones included. */
export function listSessions(call: Call): Reply {
  const { state, parameters } = call;
  const customerIds = getList(parameters, "customerIds");
  const rows = customerIds.length === 0 ? findBusyRows(call) : customerIds.map((id) => findRow(state.table, id));
  const accountIds = getList(parameters, "accountIds");
  const sessions = rows.filter((row) => isVisible(call, row, accountIds)).flatMap((row) => toSessions(call, row));
  const size = Math.min(getWholeNumber(parameters, "countPerPage", 25) || 25, 250);
  const first = getWholeNumber(parameters, "page", 0) * size;
  return toReply({
    items: sessions.slice(first, first + size),
    totalCount: sessions.length,
    totalPages: Math.ceil(sessions.length / size),
  });
}

/** `GET /calls/active`: account-wide and without customer ids. */
export function listActiveCalls(call: Call): Reply {
  const accountId = getText(call.parameters, "accountId");
  const items = findBusyRows(call)
    .filter((row) => isVisible(call, row, accountId === undefined ? [] : [accountId]))
    .flatMap((row) => toSessions(call, row))
    .filter((session) => !session.ended)
    .map(({ id, accountId: account, callState, dateCreated }) => ({ id, accountId: account, callState, dateCreated }));
  return toReply({ items, totalCount: items.length, totalPages: 1 });
}

interface SessionInfo {
  readonly id: string;
  readonly accountId: string;
  readonly callState: string;
  readonly dateCreated: string;
  readonly ended: boolean;
}

const mostBusy = 500;

/** The first customers with calls: one in a hundred has one. */
function findBusyRows({ state }: Call): readonly number[] {
  const rows: number[] = [];
  for (let row = 0; row < state.table.rows && rows.length < mostBusy; row++) {
    if (toLine(state.seed, row) < 2) rows.push(row);
  }
  return rows;
}

/** 0: on a call now, 1: had a call today, anything else: quiet. */
function toLine(seed: number, row: number): number {
  return mix(seed ^ 0x4c696e65, row) % 200;
}

function isVisible({ state, user }: Call, row: number, accountIds: readonly string[]): boolean {
  if (user === undefined || !isPresent(state.table, row)) return false;
  const accountId = getAccount(state.table, row).id;
  return sees(user, accountId) && (accountIds.length === 0 || accountIds.includes(accountId));
}

function toSessions({ state }: Call, row: number): readonly SessionInfo[] {
  const line = toLine(state.seed, row);
  if (line > 1) return [];
  const ended = line === 1;
  const dates = state.faults.choices.dates === "ms" ? "ms" : "iso";
  const begun = state.startedAt / 1000 - (mix(state.seed, row) % 600) - (ended ? 3600 : 0);
  const customerId = toId(state.table, row);
  return [
    {
      id: `5e${customerId.slice(2)}`,
      ...{ customerId, endpointId: `e9${customerId.slice(2)}` },
      accountId: getAccount(state.table, row).id,
      ...{ dialState: ended ? "None" : "Active", queueState: ended ? "Disconnected" : "None", channel: "Voice" },
      callState: ended ? "Disconnected" : "Connected",
      ended,
      ...(ended && { outcome: "Completed", dateCompleted: toDateText(begun + 180, dates) }),
      ...{ wasMissed: false, log: [] },
      dateCreated: toDateText(begun, dates),
    },
  ];
}
