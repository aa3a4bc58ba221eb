import { type Account, sees } from "./accounts.ts";
import { toDateText } from "./customer-info.ts";
import { findRow, getAccount, toId } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { getList, getText, getWholeNumber } from "./parameters.ts";
import { mix, toHex } from "./random.ts";
import { type Reply, toReply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";

export function getSystemSettings(call: Call): Reply {
  const { state } = call;
  const account = findAccount(call, getText(call.parameters, "accountId") ?? state.table.accounts[0].id);
  return toReply({
    id: toHex(state.seed, `settings ${account.name}`, 24),
    accountId: account.id,
    overrideSystemTime: state.faults.flags.has("override-system-time"),
    tags: account.tags.map(({ id, name, color }) => ({ id, name, color })),
  });
}

export function listAccounts({ state }: Call): Reply {
  const items = state.table.accounts.map(toAccountInfo);
  return toReply({ items, totalCount: items.length, totalPages: 1 });
}

export function getAccountInfo(call: Call): Reply {
  return toReply(toAccountInfo(findAccount(call, getText(call.parameters, "id") ?? "")));
}

/** Who changed which flag when, the newest first. */
export function listLogEntries(call: Call): Reply {
  const { state, parameters } = call;
  const { stagingChanges, table } = state;
  const accountIds = new Set(getList(parameters, "accountIds"));
  const customers = new Set(getList(parameters, "customerIds").map((id) => findRow(table, id)));
  const from = toSeconds(getText(parameters, "startDate"), 0);
  const to = toSeconds(getText(parameters, "endDate"), 86_400);
  const found: number[] = [];
  for (let index = stagingChanges.rows.length - 1; index >= 0; index--) {
    const row = stagingChanges.rows[index] ?? 0;
    const at = stagingChanges.at[index] ?? 0;
    const accountId = getAccount(table, row).id;
    const isInScope = call.user !== undefined && sees(call.user, accountId);
    const isWanted =
      (accountIds.size === 0 || accountIds.has(accountId)) && (customers.size === 0 || customers.has(row));
    if (isInScope && isWanted && at >= (from ?? 0) && at < (to ?? Number.POSITIVE_INFINITY)) found.push(index);
  }
  const size = Math.min(getWholeNumber(parameters, "countPerPage", 25) || 25, 250);
  const first = getWholeNumber(parameters, "page", 0) * size;
  return toReply({
    items: found.slice(first, first + size).map((index) => toLogEntry(call, index)),
    totalCount: found.length,
    totalPages: Math.ceil(found.length / size),
  });
}

function findAccount({ state, user }: Call, id: string): Account {
  const account = state.table.accounts.find((candidate) => candidate.id === id);
  if (account === undefined || user === undefined || !sees(user, account.id)) {
    throw new ServiceError(404, "NotFound", "Account not found");
  }
  return account;
}

function toAccountInfo({ id, name }: Account): object {
  return { id, name, ancestorIds: [] };
}

/** A day without a time means its beginning, or its end for an end date. */
function toSeconds(text: string | undefined, daySeconds: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new ServiceError(400, "SerializationException", `Unable to bind to request: '${text}' is not a date`);
  }
  return ms / 1000 + (/^\d{4}-\d{2}-\d{2}$/.test(text) ? daySeconds : 0);
}

function toLogEntry({ state }: Call, index: number): object {
  const { stagingChanges, table, users } = state;
  const row = stagingChanges.rows[index] ?? 0;
  const user = users[stagingChanges.users[index] ?? 0];
  const account = getAccount(table, row);
  const before = stagingChanges.was[index] === true;
  const after = stagingChanges.isStaging[index] === true;
  return {
    id: mix(state.seed, index).toString(16).padStart(8, "0") + index.toString(16).padStart(16, "0"),
    dateCreated: toDateText(stagingChanges.at[index] ?? 0, state.faults.choices.dates === "ms" ? "ms" : "iso"),
    accountId: account.id,
    customerId: toId(table, row),
    userId: user?.id,
    userName: user?.userName ?? "somebody.else@evovoice.example",
    action: "SetCustomerStagingMode",
    message: `isStaging changed from ${before} to ${after}`,
  };
}
