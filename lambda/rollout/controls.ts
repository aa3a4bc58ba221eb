import { listShortly } from "../contract/describe.ts";
import type { Hold, Orders, StandingOrder } from "./records.ts";

/** One change of the standing orders, as their history keeps it. */
export type OrderChange = StandingOrder &
  (
    | { readonly change: "stop-everything" | "resume-everything" }
    | { readonly change: "hold-release"; readonly release: string; readonly hold: Pick<Hold, "action" | "rolloutId"> }
    | { readonly change: "clear-release"; readonly release: string }
    | { readonly change: "protect" | "unprotect"; readonly customerIds: readonly string[] }
  );

/** What stands without the lock. */
export type StandingOrders = Pick<Orders, "stopped" | "holds" | "protectedIds">;

export type ChangedOrders =
  | { readonly kind: "changed"; readonly orders: StandingOrders }
  | { readonly kind: "refused"; readonly problem: string };

/** Why somebody is not flipped whom an order protects. */
export const PROTECTED_BY_ORDER = "protected by a standing order";

export const MOST_HOLDS = 500;
export const MOST_PROTECTED = 1_000;

/** The orders after one more change, all of it or nothing. */
export function changeOrders(orders: StandingOrders, change: OrderChange): ChangedOrders {
  const { requestedBy, reason, at } = change;
  const order = { requestedBy, reason, at };
  switch (change.change) {
    case "stop-everything":
      // Who stopped first says since when.
      return toChanged({ ...orders, stopped: orders.stopped ?? order });
    case "resume-everything":
      return toChanged({ ...orders, stopped: undefined });
    case "hold-release":
      return hold(orders, change.release, { ...order, ...change.hold });
    case "clear-release":
      return clear(orders, change.release);
    case "protect":
      return protect(orders, change.customerIds);
    case "unprotect":
      return unprotect(orders, change.customerIds);
  }
}

/** The hold that refuses this action of a release. */
export function findHold({ holds }: Pick<Orders, "holds">, action: Hold["action"], release: string): Hold | undefined {
  const held = holdOf(holds, release);
  return held?.action === "promote" && action === "stage" ? undefined : held;
}

/** A release may have the name of what every object has: `constructor`. */
function holdOf(holds: Orders["holds"], release: string): Hold | undefined {
  return Object.hasOwn(holds, release) ? holds[release] : undefined;
}

/** A hold that refuses less never takes the place of one that refuses more. */
function hold(orders: StandingOrders, release: string, added: Hold): ChangedOrders {
  const held = holdOf(orders.holds, release);
  if (held?.action === "stage" && added.action === "promote") return toChanged(orders);
  if (held === undefined && Object.keys(orders.holds).length >= MOST_HOLDS) {
    return refuse(
      `${release} was not held: ${MOST_HOLDS} releases are held, and more cannot be; clear those that are over`,
    );
  }
  return toChanged({ ...orders, holds: { ...orders.holds, [release]: added } });
}

function clear(orders: StandingOrders, release: string): ChangedOrders {
  if (!Object.hasOwn(orders.holds, release)) return refuse(`${release} is not held; the command orders shows what is`);
  const { [release]: _cleared, ...holds } = orders.holds;
  return toChanged({ ...orders, holds });
}

function protect(orders: StandingOrders, ids: readonly string[]): ChangedOrders {
  const protectedIds = [...new Set([...orders.protectedIds, ...ids])];
  if (protectedIds.length <= MOST_PROTECTED) return toChanged({ ...orders, protectedIds });
  const over = protectedIds.slice(MOST_PROTECTED);
  return refuse(
    `nobody of them was protected: orders protect at most ${MOST_PROTECTED} customers, and ${listShortly(over)} would be more; protect them in the policy`,
  );
}

/** An id that no order protects is a mistake, or protected by the policy. */
function unprotect(orders: StandingOrders, ids: readonly string[]): ChangedOrders {
  const given = new Set(ids);
  const unknown = [...given].filter((id) => !orders.protectedIds.includes(id));
  if (unknown.length > 0) {
    return refuse(
      `nobody of them lost its protection: no order protects ${listShortly(unknown)}; what the policy protects, only a deployment changes`,
    );
  }
  return toChanged({ ...orders, protectedIds: orders.protectedIds.filter((id) => !given.has(id)) });
}

function toChanged(orders: StandingOrders): ChangedOrders {
  return { kind: "changed", orders };
}

function refuse(problem: string): ChangedOrders {
  return { kind: "refused", problem };
}

/** Why nobody is flipped now, and the command that ends it. */
export function describeStop({ requestedBy, reason, at }: StandingOrder): string {
  return `everything is stopped, by ${requestedBy} since ${at}: ${reason}; nobody is flipped until somebody sends ${writeCommand("resume-everything")}`;
}

/** Why a release stays where it is, and the command that ends it. */
export function describeHold(release: string, { requestedBy, reason, at, rolloutId }: Hold): string {
  const after = rolloutId === undefined ? "" : `, after rollout ${rolloutId}`;
  return `release ${release} is held, by ${requestedBy} since ${at}${after}: ${reason}; nothing brings it out again until somebody sends ${writeCommand("clear-release", { release })}`;
}

function writeCommand(command: string, members: object = {}): string {
  return JSON.stringify({ command, ...members, requestedBy: "…", reason: "…" });
}
