import { randomUUID } from "node:crypto";
import { type ChangedOrders, changeOrders, type OrderChange, type StandingOrders } from "../rollout/controls.ts";
import type { Hold, Orders, StandingOrder } from "../rollout/records.ts";
import { type HoldRow, isAsRead, toOrders, toOrdersKey } from "./lock.ts";
import type { Item, Table } from "./table.ts";

export type OrderAnswer =
  | { readonly kind: "changed"; readonly orders: Orders }
  | { readonly kind: "refused"; readonly problem: string };

/** A change with the id that makes it one, however often it is sent. */
type KeptChange = OrderChange & { readonly id: string; readonly revision: number };

/** An item holds 400 KB: so much for holds and ids leaves room for the lock, the switch and the last change. */
const MOST_BYTES = 250_000;
/** So many changes back, one that is sent again is known by its id. */
const KNOWN_AGAIN = 20;

/**
 * The standing orders of an environment. Each change is one write over the revision that was read, beside the lock and
 * without touching it; whoever was overtaken reads again. The item also carries the last change, and whoever makes the
 * next one keeps it for the history first: one whose maker died in between is not missing there.
 */
export function createStandingOrders(table: Table, environment: string) {
  const key = toOrdersKey(environment);

  async function keep(change: KeptChange | undefined): Promise<void> {
    if (change === undefined) return;
    const historyKey = { pk: key.pk, sk: `order#${change.at}#${change.id}` };
    await table.putIf(historyKey, { kept: change }, { expression: "attribute_not_exists(pk)" });
  }

  async function change(order: OrderChange, id: string = randomUUID()): Promise<OrderAnswer> {
    for (;;) {
      const item = (await table.get(key)) ?? {};
      const read = toOrders(item);
      const { recent = [], last } = item as Recent;
      await keep(last);
      if (recent.includes(id)) return { kind: "changed", orders: read };
      const changed = changeWithin(read, order);
      if (changed.kind === "refused") return changed;
      const next: KeptChange = { ...order, id, revision: (read.revision ?? 0) + 1 };
      const facts = { revision: next.revision, recent: [id, ...recent].slice(0, KNOWN_AGAIN), last: next };
      if (!(await table.updateIf(key, toUpdate(changed.orders, facts), isAsRead("revision", read.revision)))) continue;
      await keep(next);
      return { kind: "changed", orders: { ...read, ...changed.orders, revision: next.revision } };
    }
  }

  return {
    setStopped: (order: StandingOrder, id?: string) => change({ ...order, change: "stop-everything" }, id),
    clearStopped: (order: StandingOrder, id?: string) => change({ ...order, change: "resume-everything" }, id),
    holdRelease: (release: string, { action, rolloutId, ...order }: Hold, id?: string) =>
      change({ ...order, change: "hold-release", release, hold: { action, rolloutId } }, id),
    clearRelease: (release: string, order: StandingOrder, id?: string) =>
      change({ ...order, change: "clear-release", release }, id),
    protect: (customerIds: readonly string[], order: StandingOrder, id?: string) =>
      change({ ...order, change: "protect", customerIds }, id),
    unprotect: (customerIds: readonly string[], order: StandingOrder, id?: string) =>
      change({ ...order, change: "unprotect", customerIds }, id),
    /** Who changed what, when and why, the oldest first; the last one stands in the orders' own item as well. */
    async *readOrderHistory(): AsyncGenerator<OrderChange> {
      for await (const { kept } of table.query(key.pk, "order#")) yield kept as OrderChange;
    },
  };
}

const TOO_LARGE =
  "nothing more was held or protected: the standing orders are as large as they can be; clear holds that are over";

interface Recent {
  readonly recent?: readonly string[];
  readonly last?: KeptChange;
}

/** Whatever takes something away is done at any size. */
function changeWithin(read: Orders, order: OrderChange): ChangedOrders {
  const changed = changeOrders(read, order);
  const isGrowing = order.change === "hold-release" || order.change === "protect";
  if (changed.kind === "refused" || !isGrowing) return changed;
  const { holds, protectedIds } = changed.orders;
  const isTooLarge = Buffer.byteLength(JSON.stringify([holds, protectedIds])) > MOST_BYTES;
  return isTooLarge ? { kind: "refused", problem: TOO_LARGE } : changed;
}

function toUpdate({ stopped, holds, protectedIds }: StandingOrders, facts: Item) {
  const rows = Object.entries(holds).map(([release, hold]): HoldRow => ({ release, ...hold }));
  const set = { ...facts, holds: rows, protectedIds };
  return stopped === undefined ? { set, remove: ["stopped"] } : { set: { ...set, stopped } };
}
