import { chunk } from "../rollout/chunk.ts";
import type { DescendantList } from "../rollout/kin.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { FlyingRun, LookingRun, Work } from "./batch-run.ts";
import { CONTROLS_AGE_MS } from "./hold-lock.ts";
import { inParallel } from "./in-parallel.ts";
import type { Connection } from "./ports.ts";
import type { Readings } from "./read-afresh.ts";

/** A batch before anybody of it is settled. */
export interface Looked {
  readonly customers: readonly PlannedCustomer[];
  readonly readings: Readings;
  /** The outcome that needs no flip. */
  readonly decide: Work["settle"];
}

/** Takes in who is below these customers; the list was asked for at this time, and is as old as that. */
export type Learn = (ids: readonly string[], below: DescendantList, askedAtMs: number) => Promise<void>;

/** Lists whom Evo Voice may move along with those of a batch who are about to be flipped, and knows how old each list is. */
export interface LookBelow {
  /** With one request for a hundred customers. Where it was not known in time who is below, the reading is left out. */
  lookAround(run: LookingRun, looked: Looked): Promise<Readings>;
  /** Whether what is known of this customer's descendants is no older than the controls may be. */
  isRecent(customerId: string): boolean;
  /** Lists again those who were listed with this customer; callers at the same time share it. @throws OutOfTimeError */
  renew(run: Pick<FlyingRun, "connection">, customerId: string): Promise<void>;
  /** Lists this customer's descendants alone. @throws OutOfTimeError */
  lookAgain(run: Pick<FlyingRun, "connection">, customerId: string): Promise<void>;
}

/** Customers who are listed together. Whoever turned out not to be listable is not listed again: that would cost halves. */
interface Group {
  ids: readonly string[];
  renewal?: Promise<void> | undefined;
}

export function createLookBelow({ nowMs, learn }: { nowMs(): number; readonly learn: Learn }): LookBelow {
  const groups = new Map<string, Group>();
  const askedAtMs = new Map<string, number>();

  /** Gives those who can be listed. */
  async function list(connection: Connection, ids: readonly string[]): Promise<readonly string[]> {
    const atMs = nowMs();
    const listable: string[] = [];
    await listInParts(connection, ids, async (some, below) => {
      await learn(some, below, atMs);
      for (const id of some) askedAtMs.set(id, atMs);
      if (below.list === "whole") listable.push(...some);
    });
    return listable;
  }

  async function renewGroup(connection: Connection, group: Group): Promise<void> {
    try {
      group.ids = await list(connection, group.ids);
    } finally {
      group.renewal = undefined;
    }
  }

  return {
    async lookAround(run, { customers, readings, decide }) {
      const open = customers.filter(({ id, name }) => {
        const fresh = readings.get(id);
        return fresh !== undefined && decide({ id, name }, fresh) === undefined;
      });
      await inParallel(run, chunk(open.map(({ id }) => id)), async (ids) => {
        const group = { ids: await list(run.connection, ids) };
        for (const id of ids) groups.set(id, group);
      });
      run.brake.throwError();
      const unknown = new Set(open.flatMap(({ id }) => (groups.has(id) ? [] : id)));
      return unknown.size === 0 ? readings : new Map([...readings].filter(([id]) => !unknown.has(id)));
    },
    isRecent: (id) => nowMs() - (askedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < CONTROLS_AGE_MS,
    async renew({ connection }, id) {
      const group = groups.get(id) ?? { ids: [id] };
      group.renewal ??= renewGroup(connection, group);
      await group.renewal;
    },
    async lookAgain({ connection }, id) {
      await list(connection, [id]);
    },
  };
}

/** Two customers whose descendants cannot be listed are found among a hundred with so many lists that cannot be had. */
const MOST_UNKNOWN = 16;

/**
 * One customer whose descendants cannot be listed shall not be everybody's failure: a list that cannot be had is asked for
 * in halves. But a server that gives none at all is not asked for each customer.
 */
async function listInParts(
  connection: Connection,
  ids: readonly string[],
  learn: (ids: readonly string[], below: DescendantList) => Promise<void>,
): Promise<void> {
  const open = [ids];
  let unknown = 0;
  for (let some = open.pop(); some !== undefined; some = open.pop()) {
    const below = await connection.listDescendants(some);
    if (below.list === "unknown") unknown += 1;
    if (below.list === "whole" || some.length === 1 || unknown >= MOST_UNKNOWN) await learn(some, below);
    else open.push(...halve(some));
  }
}

function halve(ids: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(ids.length / 2);
  return [ids.slice(middle), ids.slice(0, middle)];
}

/** What becomes of a customer of whom it cannot be known who is below. */
export function toUnknownBelow(reason: string): { readonly outcome: "failed"; readonly reason: string } {
  return { outcome: "failed", reason: `it is not known whom Evo Voice would move along with it: ${reason}` };
}
