import { PROTECTED_BY_CONTROLS } from "../rollout/controls.ts";
import type { Reading } from "../rollout/flip.ts";
import {
  type DescendantList,
  findAbove,
  findLeftParents,
  findMoved,
  parentsOf,
  type RevertKin,
} from "../rollout/kin.ts";
import type { Outcome } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Judgement } from "../rollout/selection.ts";
import type { WorkKin } from "./batch-run.ts";
import { createLookBelow, type Looked, toUnknownBelow } from "./look-below.ts";
import type { Origin } from "./origin.ts";
import type { Protection } from "./protection.ts";
import type { Readings } from "./read-afresh.ts";

/** What a revert has to know of families: whom Evo Voice may move along with a parent that is flipped back. */
export interface Kin {
  ofBatch(batch: Pick<Looked, "customers" | "decide">): WorkKin;
  /** Whoever must not be flipped back because of a descendant. */
  settleHeld(customer: PlannedCustomer): Outcome | undefined;
  /** Whoever is above a customer that is back already, and has taken it along. */
  findLeader(fresh: Reading): string | undefined;
  /** Which of these are flipped back, or are about to be, as the ledger is told. */
  note(customers: readonly PlannedCustomer[], backIds: ReadonlySet<string>): void;
}

export interface RevertKinOptions extends Pick<RevertKin, "judge"> {
  nowMs(): number;
  /** The flag that the rollout set, and that is to be turned back. */
  readonly flag: boolean;
  readonly origin: Origin;
  readonly childrenFollow: boolean;
}

/** Lists the descendants of a hundred customers with one request: a rollback without parents costs one in a hundred more. */
export function createRevertKin({ origin, flag, judge, childrenFollow, nowMs }: RevertKinOptions): Kin {
  const held = new Map<string, string>();
  /** Of those who are flipped back in this part, and of their descendants, it is known who goes along. */
  const back = new Set<string>();
  const along = new Set<string>();
  let protection: Pick<Protection, "keeps"> | undefined;
  const kin: RevertKin = {
    judge: (customer) => (protection?.keeps(customer.id) ? ORDERED : judge(customer)),
    isOurs: origin.isOurs,
  };

  /** Who the rollouts' other customers are is read from the ledger, when there is anybody about whom it has to be known. */
  async function loadOrigin(customers: readonly PlannedCustomer[], readings: Readings): Promise<void> {
    const isMovedAlready = childrenFollow && customers.some(({ id }) => hasMoved(readings.get(id), flag));
    if (isMovedAlready || origin.hasLater()) await origin.load();
  }

  async function learn(ids: readonly string[], listed: DescendantList): Promise<void> {
    const moved = listed.list === "unknown" ? [] : findMoved(findAbove(listed.customers, new Set(ids)), !flag);
    if (moved.length > 0) await origin.load();
    const reasons =
      listed.list === "unknown"
        ? new Map(ids.map((id) => [id, toUnknownBelow(listed.reason).reason]))
        : findLeftParents(moved, kin);
    for (const id of ids) held.delete(id);
    for (const [id, why] of reasons) held.set(id, why);
    for (const { customer, aboveIds } of moved) if (aboveIds.some((id) => !held.has(id))) along.add(customer.id);
  }

  function settleHeld({ id, name }: PlannedCustomer): Outcome | undefined {
    const reason = held.get(id);
    return reason === undefined ? undefined : { customerId: id, name, outcome: "failed", reason };
  }

  return {
    ofBatch({ customers, decide }) {
      const below = createLookBelow({ nowMs, learn });
      const isRecent = (id: string) => !childrenFollow || below.isRecent(id);
      return {
        async lookAround(run, readings) {
          ({ protection } = run);
          await loadOrigin(customers, readings);
          return childrenFollow ? below.lookAround(run, { customers, readings, decide }) : readings;
        },
        async settleLate(run, customer) {
          if (!isRecent(customer.id)) await below.renew(run, customer.id);
          return settleHeld(customer);
        },
        isClear: (id) => !held.has(id),
        isRecent,
        // Who goes back is told by what is recorded.
        noteFlipped: () => undefined,
      };
    },
    settleHeld,
    findLeader(fresh) {
      if (fresh.reading !== "found" || !childrenFollow) return undefined;
      const { customer } = fresh;
      return parentsOf(customer).find((id) => (back.has(id) ? along.has(customer.id) : origin.isBack(id)));
    },
    note(customers, backIds) {
      for (const { id } of customers) {
        if (backIds.has(id)) back.add(id);
        else back.delete(id);
      }
    },
  };
}

const ORDERED: Judgement = { verdict: "skipped", reason: PROTECTED_BY_CONTROLS };

/** It is not where the rollout put it any more, and somebody is above it. */
function hasMoved(fresh: Reading | undefined, flag: boolean): boolean {
  return fresh?.reading === "found" && fresh.customer.isStaging === !flag && parentsOf(fresh.customer).length > 0;
}
