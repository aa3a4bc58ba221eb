import type { Command } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { OrderChange } from "../rollout/controls.ts";
import type { Orders, StandingOrder } from "../rollout/records.ts";
import type { OrderAnswer, StartPorts } from "./ports.ts";

/** A command that changes the standing orders. */
export type OrderCommand = Extract<Command, { readonly command: OrderChange["change"] }>;

/** The standing orders as they are now. */
export interface OrdersShown {
  readonly status: "stopped" | "open";
  readonly stopped?: Orders["stopped"];
  readonly holds: Orders["holds"];
  readonly protectedIds: readonly string[];
  /** The last changes, the newest first. */
  readonly changes?: readonly OrderChange[];
}

/** Changes the standing orders; the same id is the same change. @throws RefusedError */
export async function changeOrders(ports: StartPorts, command: OrderCommand): Promise<OrdersShown> {
  const { requestedBy, reason } = command;
  const answer = await change(ports, command, { requestedBy, reason, at: new Date(ports.nowMs()).toISOString() });
  if (answer.kind === "refused") throw new RefusedError(`nothing was done: ${answer.problem}`);
  ports.log.info("standing order changed", { command: command.command, id: command.id });
  return toShown(answer.orders);
}

const MOST_CHANGES = 20;

/** Shows the standing orders, and what changed them last. */
export async function showOrders({ ledger }: StartPorts): Promise<OrdersShown> {
  const orders = await ledger.readOrders();
  const changes: OrderChange[] = [];
  for await (const changed of ledger.readOrderHistory()) {
    changes.push(changed);
    if (changes.length > MOST_CHANGES) changes.shift();
  }
  return { ...toShown(orders), changes: changes.reverse() };
}

function change({ ledger }: StartPorts, command: OrderCommand, order: StandingOrder): Promise<OrderAnswer> {
  const { id } = command;
  switch (command.command) {
    case "stop-everything":
      return ledger.setStopped(order, id);
    case "resume-everything":
      return ledger.clearStopped(order, id);
    case "hold-release":
      // Whoever holds a release by hand wants it nowhere.
      return ledger.holdRelease(command.release, { ...order, action: "stage" }, id);
    case "clear-release":
      return ledger.clearRelease(command.release, order, id);
    case "protect":
      return ledger.protect(command.customerIds, order, id);
    case "unprotect":
      return ledger.unprotect(command.customerIds, order, id);
  }
}

function toShown({ stopped, holds, protectedIds }: Orders): OrdersShown {
  const status = stopped === undefined ? "open" : "stopped";
  return { status, ...(stopped && { stopped }), holds, protectedIds };
}
