import { type FlipKin, findAbove, findCompany, findKeptParents, findMoved, toNotThereYet } from "../rollout/kin.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Outcome } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { FlyingRun, WorkKin } from "./batch-run.ts";
import { createLookBelow, type Looked, toUnknownBelow } from "./look-below.ts";

/** What the flips of a batch have to know of families: nobody may be moved along with a parent. */
export interface KinOfBatch extends WorkKin {
  /** Whoever must not be flipped because of a descendant that must stay. */
  settleHeld(customer: PlannedCustomer): Outcome | undefined;
}

export interface FlipKinOptions extends FlipKin, Pick<Looked, "customers" | "decide"> {
  /** The flag to be set. */
  readonly flag: boolean;
  nowMs(): number;
}

type Why = Pick<Outcome, "outcome" | "reason">;

/** Who is below a customer, and was not there when that was asked. */
interface Company {
  readonly ids: readonly string[];
  readonly askedAtMs: number;
}

function toDeferred(stranger: string | undefined): Why | undefined {
  return stranger === undefined ? undefined : { outcome: "deferred", reason: toNotThereYet(stranger) };
}

/**
 * The plan knows the families as they were when it was made. Who has come into being since, or was protected, or moved to
 * another family, is seen here: right before a batch, and again when that is long ago when a customer's turn comes.
 */
export function createFlipKin({ flag, judge, nowMs, customers, decide }: FlipKinOptions): KinOfBatch {
  const held = new Map<string, Why>();
  const companyById = new Map<string, Company>();
  const flippedAtMs = new Map<string, number>();
  const below = createLookBelow({
    nowMs,
    async learn(ids, listed, askedAtMs) {
      for (const id of ids) {
        held.delete(id);
        companyById.delete(id);
        if (listed.list === "unknown") held.set(id, toUnknownBelow(listed.reason));
      }
      if (listed.list === "unknown") return;
      const moved = findMoved(findAbove(listed.customers, new Set(ids)), flag);
      for (const [id, reason] of findKeptParents(moved, { judge })) held.set(id, { outcome: "skipped", reason });
      for (const [id, company] of findCompany(moved)) companyById.set(id, { ids: company, askedAtMs });
    },
  });

  const settle = ({ id, name }: PlannedCustomer, why: Why | undefined): Outcome | undefined =>
    why && { customerId: id, name, ...why };

  /** Somebody below who was not there at the last look, and whom this run has not flipped since. */
  function findStranger(id: string): string | undefined {
    const { ids = [], askedAtMs = 0 } = companyById.get(id) ?? {};
    return ids.find((one) => (flippedAtMs.get(one) ?? Number.NEGATIVE_INFINITY) < askedAtMs);
  }

  async function waitForThoseBelow(id: string, { flights }: FlyingRun): Promise<void> {
    if (await flights.landed(id, companyById.get(id)?.ids ?? [])) return;
    throw new OutOfTimeError("somebody below it has no outcome yet");
  }

  const isClear = (id: string) => !held.has(id) && findStranger(id) === undefined;

  return {
    lookAround: (run, readings) => below.lookAround(run, { customers, readings, decide }),
    settleHeld: (customer) => settle(customer, held.get(customer.id)),
    async settleLate(run, customer) {
      const { id } = customer;
      await waitForThoseBelow(id, run);
      if (isClear(id) && below.isRecent(id)) return undefined;
      // However it came that somebody is not there: it may be by now.
      await (isClear(id) ? below.renew(run, id) : below.lookAgain(run, id));
      await waitForThoseBelow(id, run);
      return settle(customer, held.get(id) ?? toDeferred(findStranger(id)));
    },
    isClear,
    isRecent: below.isRecent,
    noteFlipped: (customerId) => void flippedAtMs.set(customerId, nowMs()),
  };
}
