import { sees } from "./accounts.ts";
import { type CustomerInfoOptions, type ReplyOverrides, toCustomerJson } from "./customer-info.ts";
import { findRow, getAccount, outsider, type Row, toId } from "./customer-table.ts";
import type { Call } from "./operation.ts";
import { getBoolean, getText } from "./parameters.ts";
import { type Reply, reply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";
import { type EmulatorState, nowMs, writeStaging } from "./state.ts";

export function getCustomer(call: Call): Reply {
  const row = getRow(call);
  return reply(toCustomerJson(call.state, row, toInfoOptions(call.state), toReplyOverrides(call, row)));
}

/** Sets the flag. An absent `isStaging` means false, that is production. */
export function setCustomerStagingMode(call: Call): Reply {
  const { state, parameters, fault } = call;
  const isStaging = getBoolean(parameters, "isStaging");
  const row = getRow(call);
  const overrides = {
    isStaging: fault.name === "lost-write" ? row.isStaging : isStaging,
    ...toReplyOverrides(call, row),
  };
  if (fault.name !== "lost-write" && fault.name !== "apply-silently-not") {
    const { numbers } = state.faults;
    const delayMs = fault.name === "late-write" ? numbers["late-after"] : numbers["write-lag"];
    const dueAtMs = nowMs(state) + delayMs;
    if (delayMs === 0) write(call, row, { isStaging, dueAtMs });
    else state.lateWrites.push({ dueAtMs, write: () => write(call, row, { isStaging, dueAtMs }) });
  }
  return reply(toCustomerJson(state, row, toInfoOptions(state), overrides));
}

interface FlagWrite {
  readonly isStaging: boolean;
  readonly dueAtMs: number;
}

function write({ state, user }: Call, row: Row, { isStaging, dueAtMs: atMs }: FlagWrite): void {
  const by = { user: user === undefined ? outsider : state.users.indexOf(user), atMs };
  row.writes++;
  writeStaging(state, row, isStaging, by);
  if (state.faults.flags.has("children-follow")) writeDescendants(state, row, isStaging, by);
}

/** Changes the name or the reference id; it cannot change the flag. */
export function updateCustomer(call: Call): Reply {
  const { state, parameters } = call;
  const row = getRow(call);
  const name = getText(parameters, "name");
  const referenceId = getText(parameters, "referenceId");
  row.name = name ?? row.name;
  row.referenceId = referenceId ?? row.referenceId;
  state.table.version++;
  row.modifiedAt = Date.now() / 1000;
  row.modifiedBy = call.user === undefined ? outsider : state.users.indexOf(call.user);
  state.keep(row);
  return reply(toCustomerJson(state, row, toInfoOptions(state)));
}

export function toInfoOptions(state: EmulatorState): CustomerInfoOptions {
  const { flags, choices, numbers } = state.faults;
  const ordered = flags.has("reverse-breadcrumb") ? "leaf-first" : "root-first";
  return {
    dates: choices.dates === "ms" ? "ms" : "iso",
    flagAtMs: nowMs(state) - numbers["read-lag"],
    breadcrumb: flags.has("hide-breadcrumb") ? "hidden" : ordered,
  };
}

/** The requested customer, if this user may see it. */
function getRow({ state, parameters, user }: Call): Row {
  const row = findRow(state.table, getText(parameters, "customerId") ?? getText(parameters, "id") ?? "");
  if (row !== undefined && user !== undefined && sees(user, getAccount(state.table, row).id)) return row;
  switch (state.faults.choices["missing-as"]) {
    case "400":
      throw new ServiceError(400, "ArgumentException", "Customer does not exist", "CustomerId");
    case "500":
      throw new ServiceError(500, "NullReferenceException", "Object reference not set to an instance of an object.");
    default:
      throw new ServiceError(404, "NotFound", "Customer not found");
  }
}

/** The wrong values of the reply, decided before the write. */
function toReplyOverrides({ state, fault }: Call, row: Row): ReplyOverrides {
  switch (fault.name) {
    case "old-flag":
      return { isStaging: row.isStaging };
    case "no-flag":
      return { isStaging: "absent" };
    case "other-id": {
      const { rows } = state.table;
      const other = rows[(row.index + 1 + (fault.variant % Math.max(1, rows.length - 1))) % rows.length] ?? row;
      return { id: toId(state.table, other) };
    }
    default:
      return {};
  }
}

function writeDescendants(
  state: EmulatorState,
  row: Row,
  isStaging: boolean,
  by: Parameters<typeof writeStaging>[3],
): void {
  for (const child of state.table.rows) {
    if (child.parent !== row || child.isRemoved) continue;
    writeStaging(state, child, isStaging, by);
    writeDescendants(state, child, isStaging, by);
  }
}
