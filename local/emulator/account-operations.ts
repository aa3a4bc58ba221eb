import { type Account, sees } from "./accounts.ts";
import { toDateText } from "./customer-info.ts";
import { findRow, getAccount, toId } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { toPagedReply } from "./paged-reply.ts";
import { getList, getText } from "./parameters.ts";
import { mix, toHex } from "./random.ts";
import { type Reply, toReply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";
import type { StagingChange } from "./state.ts";

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

/** The changes of flags, the newest first. */
export function listLogEntries(call: Call): Reply {
  const { state, parameters, user } = call;
  const accountIds = getList(parameters, "accountIds");
  const customers = getList(parameters, "customerIds").map((id) => findRow(state.table, id));
  const from = toSeconds(getText(parameters, "startDate"), 0) ?? 0;
  const to = toSeconds(getText(parameters, "endDate"), 86_400) ?? Number.POSITIVE_INFINITY;
  const found = [...state.stagingChanges.entries()].reverse().filter(([, { row, at }]) => {
    const accountId = getAccount(state.table, row).id;
    const isInScope = user !== undefined && sees(user, accountId);
    const isWanted =
      (accountIds.length === 0 || accountIds.includes(accountId)) &&
      (customers.length === 0 || customers.includes(row));
    return isInScope && isWanted && at >= from && at < to;
  });
  return toPagedReply(parameters, found, ([index, change]) => toLogEntry(call, index, change));
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

/** A day without a time means the beginning of the day, or its end for an end date. */
function toSeconds(text: string | undefined, daySeconds: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new ServiceError(400, "SerializationException", `Unable to bind to request: '${text}' is not a date`);
  }
  return ms / 1000 + (/^\d{4}-\d{2}-\d{2}$/.test(text) ? daySeconds : 0);
}

function toLogEntry({ state }: Call, index: number, { row, isStaging, was, user, at }: StagingChange): object {
  const { table, users, seed, faults } = state;
  return {
    id: mix(seed, index).toString(16).padStart(8, "0") + index.toString(16).padStart(16, "0"),
    dateCreated: toDateText(at, faults.choices.dates === "ms" ? "ms" : "iso"),
    accountId: getAccount(table, row).id,
    customerId: toId(table, row),
    userId: users[user]?.id,
    userName: users[user]?.userName ?? "unknown.user@evovoice.example",
    action: "SetCustomerStagingMode",
    message: `isStaging changed from ${was} to ${isStaging}`,
  };
}
