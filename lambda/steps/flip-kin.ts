import { type FlipKin, findAbove, findCompany, findKeptParents, findMoved, toNotThereYet } from "../rollout/kin.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { Outcome } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { FlyingRun, LookingRun, Work } from "./batch-run.ts";
import { ORDERS_AGE_MS } from "./hold-lock.ts";
import { type Looked, lookBelow, toUnknownBelow } from "./look-below.ts";
import type { Readings } from "./read-afresh.ts";

/** What the flips of a batch have to know of families: nobody may be moved along with a parent. */
export interface KinOfBatch {
  /** Before anybody of the batch is settled. Where it was not known in time who is below, the reading is left out. */
  lookAround(run: LookingRun, looked: Looked): Promise<Readings>;
  /** Whoever must not be flipped because of a descendant that must stay. */
  settleHeld(customer: PlannedCustomer): Outcome | undefined;
  /** Right before a flip: waits for those below, and settles whoever would take somebody along all the same. */
  settleLate: NonNullable<Work["settleLate"]>;
}

export interface FlipKinOptions extends FlipKin {
  /** The flag to be set. */
  readonly flag: boolean;
  nowMs(): number;
}

/**
 * The plan knows the families as they were when it was made. Who has come into being since, or was protected, or moved to
 * another family, is seen here, right before a batch: with one request more for each hundred of its customers.
 */
export function createFlipKin({ flag, judge, nowMs }: FlipKinOptions): KinOfBatch {
  const held = new Map<string, Pick<Outcome, "outcome" | "reason">>();
  /** For each parent, who is below and not there yet; nobody, where all were. */
  const companyById = new Map<string, readonly string[]>();
  let listedAtMs = Number.NEGATIVE_INFINITY;

  const settle = ({ id, name }: PlannedCustomer, why: Pick<Outcome, "outcome" | "reason">): Outcome => ({
    customerId: id,
    name,
    ...why,
  });

  /** Whoever is below by now and not there, however that came. */
  async function readStranger(
    id: string,
    { connection }: FlyingRun,
  ): Promise<Pick<Outcome, "outcome" | "reason"> | undefined> {
    const below = await connection.listDescendants([id]);
    if (below.list === "unknown") return toUnknownBelow(below.reason);
    const [stranger] = findMoved(findAbove(below.customers, new Set([id])), flag);
    if (stranger === undefined) return undefined;
    return { outcome: "deferred", reason: toNotThereYet(stranger.customer.id) };
  }

  return {
    lookAround(run, looked) {
      listedAtMs = nowMs();
      return lookBelow(run, looked, async (ids, below) => {
        if (below.list === "unknown") {
          for (const id of ids) held.set(id, toUnknownBelow(below.reason));
          return;
        }
        const above = findAbove(below.customers, new Set(ids));
        const kept = findKeptParents(findMoved(above, flag), { judge });
        for (const [id, reason] of kept) held.set(id, { outcome: "skipped", reason });
        for (const [id, company] of findCompany(above, flag)) companyById.set(id, company);
      });
    },
    settleHeld(customer) {
      const why = held.get(customer.id);
      return why && settle(customer, why);
    },
    async settleLate(run, customer, flippedNow) {
      const company = companyById.get(customer.id);
      if (company === undefined) return undefined;
      if (!(await run.flights.landed(company))) throw new OutOfTimeError("somebody below it has no outcome yet");
      const isRecent = nowMs() - listedAtMs < ORDERS_AGE_MS;
      if (isRecent && company.every((id) => flippedNow.has(id))) return undefined;
      const why = await readStranger(customer.id, run);
      return why && settle(customer, why);
    },
  };
}
