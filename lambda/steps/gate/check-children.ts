import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Stop } from "../../core/gate/decision.ts";
import { chooseChildren, findChildrenStop, type WatchedChild } from "../../core/gate/moved-children.ts";
import { chunkIds } from "../../core/lookup/id-list.ts";
import { createJudge } from "../../core/lookup/selection.ts";
import type { Reason } from "../../core/reasons.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Connection, Ports } from "../ports.ts";
import type { FlipRollout, Locked, Progress, StepRun } from "../run-part.ts";
import { runUnlessAborted } from "../run-unless-aborted.ts";

/** What is known of the children of the first customers that a rollout flips. */
export interface ChildrenProgress extends Progress {
  readonly children: readonly WatchedChild[];
  /** The stop, when a child has moved after the first flips. */
  readonly moved?: Stop | undefined;
  /** Why the children could not be read: the rollout continues without the check. */
  readonly unread?: readonly Reason[] | undefined;
}

export const CHILDREN_START: ChildrenProgress = { done: false, idleParts: 0, children: [] };

const FIRST_BATCH = 0;
const IN_A_PAGE = 100;

/**
 * Before the first flip: reads one page of the children of the customers that one request names, for the whole first batch.
 * An abort ends this part; the flips that follow apply the abort.
 */
export function readChildren(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  run: StepRun,
  from: ChildrenProgress,
): Promise<ChildrenProgress> {
  const options = { run, from, pace: from.pace, mark: "before the first flip" };
  return runUnlessAborted(ports, rollout, options, async ({ connection }) => {
    const { ledger } = ports;
    const judge = createJudge(await readSelection(ports, rollout));
    const { protectedIds } = await ledger.readControls();
    const { customers } = await ledger.getBatch(rollout.rolloutId, FIRST_BATCH);
    const parentIds = customers.map(({ id }) => id);
    const pages = await Promise.all(chunkIds(parentIds).map((ids) => listChildren(connection, ids)));
    const children = chooseChildren(pages.flat(), {
      parentIds: new Set(parentIds),
      wantedFlag: wantedFlag(rollout.event.action),
      judge,
      protectedIds: new Set(protectedIds),
    });
    return { ...from, done: true, children, pace: connection.pace() };
  });
}

/** After the first flips: reads the children again. The gate applies an abort that arrives meanwhile. */
export function checkChildren(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  run: StepRun,
  from: ChildrenProgress,
): Promise<ChildrenProgress> {
  const options = { run, from, pace: from.pace, mark: "after the first flips" };
  return runUnlessAborted(ports, rollout, options, async ({ connection }) => {
    const { outcomes } = await ports.ledger.getBatch(rollout.rolloutId, FIRST_BATCH);
    const moved = findChildrenStop(from.children, {
      flippedIds: new Set(outcomes.flatMap(({ customerId, outcome }) => (outcome === "flipped" ? customerId : []))),
      wantedFlag: wantedFlag(rollout.event.action),
      now: await connection.listCustomers(from.children.map(({ id }) => id)),
    });
    return { ...from, done: true, moved, pace: connection.pace() };
  });
}

/** A rollout does not depend on the check: a fault that prevents the check also stops the flips. */
export function withoutCheck(from: ChildrenProgress, unread: readonly Reason[]): ChildrenProgress {
  return { ...from, done: true, children: [], unread };
}

async function listChildren(connection: Pick<Connection, "readPage">, parentCustomerIds: readonly string[]) {
  const query = { kind: "children", accountIds: [], parentCustomerIds, descendants: false } as const;
  return (await connection.readPage({ query, page: 0, pageSize: IN_A_PAGE, tagIds: new Map() })).customers;
}
