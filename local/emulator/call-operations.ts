import { sees } from "./accounts.ts";
import { toDateText } from "./customer-info.ts";
import { findRow, getAccount, type Row, toId } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { toPagedReply } from "./paged-reply.ts";
import { getList, getText } from "./parameters.ts";
import { mix } from "./random.ts";
import { type Reply, toReply } from "./reply.ts";

/** `GET /portal/active-sessions`: the active calls of one customer or of all customers. */
export function listActiveSessions(call: Call): Reply {
  const customerId = getText(call.parameters, "customerId");
  const rows = customerId === undefined ? findBusyRows(call) : toRows(call, [customerId]);
  return toReply({ sessions: toSessions(call, rows, toAccountIds(call)).filter(({ ended }) => !ended) });
}

/** `GET /sessions`: the calls of the last days, also ended calls. */
export function listSessions(call: Call): Reply {
  const { parameters } = call;
  const customerIds = getList(parameters, "customerIds");
  const rows = customerIds.length === 0 ? findBusyRows(call) : toRows(call, customerIds);
  return toPagedReply(parameters, toSessions(call, rows, getList(parameters, "accountIds")), (session) => session);
}

/** `GET /calls/active`: the active calls of an account, without customer ids. */
export function listActiveCalls(call: Call): Reply {
  const items = toSessions(call, findBusyRows(call), toAccountIds(call))
    .filter(({ ended }) => !ended)
    .map(({ id, accountId, callState, dateCreated }) => ({ id, accountId, callState, dateCreated }));
  return toReply({ items, totalCount: items.length, totalPages: 1 });
}

const mostBusy = 500;

/** The first customers with calls: one customer in a hundred has a call. */
function findBusyRows({ state }: Call): readonly Row[] {
  return state.table.rows.filter((row) => toLine(state.seed, row) < 2).slice(0, mostBusy);
}

function toRows({ state }: Call, customerIds: readonly string[]): readonly Row[] {
  return customerIds.flatMap((id) => findRow(state.table, id) ?? []);
}

function toAccountIds({ parameters }: Call): readonly string[] {
  const accountId = getText(parameters, "accountId");
  return accountId === undefined ? [] : [accountId];
}

/** 0: an active call, 1: an ended call today, any other number: no call. */
function toLine(seed: number, { index }: Row): number {
  return mix(seed ^ 0x4c696e65, index) % 200;
}

/** The calls of those customers that the user may see. */
function toSessions(call: Call, rows: readonly Row[], accountIds: readonly string[]) {
  const { user, state } = call;
  const isVisible = (row: Row): boolean => {
    const { id } = getAccount(state.table, row);
    return (
      !row.isRemoved && user !== undefined && sees(user, id) && (accountIds.length === 0 || accountIds.includes(id))
    );
  };
  return rows.filter((row) => toLine(state.seed, row) < 2 && isVisible(row)).map((row) => toSession(call, row));
}

function toSession({ state }: Call, row: Row) {
  const ended = toLine(state.seed, row) === 1;
  const dates = state.faults.choices.dates === "ms" ? "ms" : "iso";
  const begun = state.startedAt / 1000 - (mix(state.seed, row.index) % 600) - (ended ? 3600 : 0);
  const customerId = toId(state.table, row);
  return {
    ...{ id: `5e${customerId.slice(2)}`, customerId, endpointId: `e9${customerId.slice(2)}` },
    accountId: getAccount(state.table, row).id,
    ...{ dialState: ended ? "None" : "Active", queueState: ended ? "Disconnected" : "None", channel: "Voice" },
    callState: ended ? "Disconnected" : "Connected",
    ended,
    ...(ended && { outcome: "Completed", dateCompleted: toDateText(begun + 180, dates) }),
    ...{ wasMissed: false, log: [], dateCreated: toDateText(begun, dates) },
  };
}
