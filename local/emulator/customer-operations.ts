import { sees } from "./accounts.ts";
import { type CustomerInfoOptions, type Disguise, toCustomerJson } from "./customer-info.ts";
import { findRow, getAccount, somebodyElse, toId } from "./customer-table.ts";
import type { Faults } from "./faults.ts";
import type { Call } from "./operation.ts";
import { getBoolean, getText } from "./parameters.ts";
import { type Reply, reply, toReply } from "./reply.ts";
import { getSchedule, getState } from "./schedules.ts";
import { ServiceError } from "./service-error.ts";
import { type World, writeStaging } from "./world.ts";

export function getCustomer(call: Call): Reply {
  const row = getRow(call);
  return reply(toCustomerJson(call.world, row, toInfoOptions(call.world.faults), toDisguise(call, row)));
}

/** The one write. An absent `isStaging` means false, that is production. */
export function setCustomerStagingMode(call: Call): Reply {
  const { world, parameters, misfortune } = call;
  const isStaging = getBoolean(parameters, "isStaging");
  const row = getRow(call);
  const disguise = toDisguise(call, row);
  if (misfortune.fault !== "lost-write") {
    const user = call.user === undefined ? somebodyElse : world.users.indexOf(call.user);
    writeStaging(world, row, isStaging, user);
    world.table.columns.writes[row] = (world.table.columns.writes[row] ?? 0) + 1;
    if (world.faults.flags.has("children-follow")) {
      flipDescendants(world, row, isStaging, user);
    }
  }
  return reply(toCustomerJson(world, row, toInfoOptions(world.faults), disguise));
}

/** Changes the name or the reference id; it cannot change the flag. */
export function updateCustomer(call: Call): Reply {
  const { world, parameters } = call;
  const row = getRow(call);
  const name = getText(parameters, "name");
  const referenceId = getText(parameters, "referenceId");
  world.table.renamed.set(row, {
    ...world.table.renamed.get(row),
    ...(name !== undefined && { name }),
    ...(referenceId !== undefined && { referenceId }),
  });
  world.table.version++;
  world.table.columns.modifiedAt[row] = Date.now() / 1000;
  world.table.columns.modifiedBy[row] = call.user === undefined ? somebodyElse : world.users.indexOf(call.user);
  return reply(toCustomerJson(world, row, toInfoOptions(world.faults)));
}

export function testCustomerSchedule(call: Call): Reply {
  const row = getRow(call);
  const schedule = getSchedule(call.world.table, row, call.world.schedules);
  const text = getText(call.parameters, "dateTime");
  const at = text === undefined ? new Date() : new Date(text);
  if (Number.isNaN(at.getTime())) {
    throw new ServiceError(
      400,
      "SerializationException",
      "Unable to bind to request: 'DateTime' cannot be read",
      "DateTime",
    );
  }
  return toReply({ stateName: getState(schedule, at), timeZoneId: schedule.timeZoneId });
}

export function getInheritedSchedule(call: Call): Reply {
  const { table, schedules } = call.world;
  const row = getRow(call);
  const parent = table.columns.parent[row] ?? -1;
  return reply(getSchedule(table, parent < 0 ? row : parent, schedules).json);
}

export function toInfoOptions({ flags, choices }: Faults): CustomerInfoOptions {
  const ordered = flags.has("reverse-breadcrumb") ? "leaf-first" : "root-first";
  return {
    dates: choices.dates === "ms" ? "ms" : "iso",
    breadcrumb: flags.has("hide-breadcrumb") ? "hidden" : ordered,
  };
}

/** The customer that is asked for, if this user may see it. */
function getRow({ world, parameters, user }: Call): number {
  const row = findRow(world.table, getText(parameters, "customerId") ?? getText(parameters, "id") ?? "");
  if (row >= 0 && user !== undefined && sees(user, getAccount(world.table, row).id)) {
    return row;
  }
  switch (world.faults.choices["missing-as"]) {
    case "400":
      throw new ServiceError(400, "ArgumentException", "Customer does not exist", "CustomerId");
    case "500":
      throw new ServiceError(500, "NullReferenceException", "Object reference not set to an instance of an object.");
    default:
      throw new ServiceError(404, "NotFound", "Customer not found");
  }
}

/** What the reply claims instead of the truth, decided before anything is written. */
function toDisguise({ world, misfortune }: Call, row: number): Disguise {
  switch (misfortune.fault) {
    case "old-flag":
      return { isStaging: world.table.columns.staging[row] === 1 };
    case "no-flag":
      return { isStaging: "absent" };
    case "other-id": {
      const other = (row + 1 + (misfortune.variant % Math.max(1, world.table.rows - 1))) % world.table.rows;
      return { id: toId(world.table, other) };
    }
    default:
      return {};
  }
}

function flipDescendants(world: World, row: number, isStaging: boolean, user: number): void {
  const { parent, removed } = world.table.columns;
  for (let child = 0; child < world.table.rows; child++) {
    if (parent[child] === row && removed[child] === 0) {
      writeStaging(world, child, isStaging, user);
      flipDescendants(world, child, isStaging, user);
    }
  }
}
