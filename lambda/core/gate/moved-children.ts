import { judgeAfresh } from "../flip/settle-before-flip.ts";
import type { CustomerFacts, Judgement } from "../lookup/selection.ts";
import { type Stop, toStop } from "./decision.ts";

/** A child that the plan leaves where it is, while its parent is flipped. */
export interface WatchedChild {
  readonly id: string;
  readonly parentId: string;
}

/** A few parents show how the server works. One list request names at most 100 children. */
const MOST_PARENTS = 20;
const MOST_CHILDREN = 100;

export interface FirstFlips {
  /** Ids of customers that are to be flipped. */
  readonly parentIds: ReadonlySet<string>;
  readonly wantedFlag: boolean;
  readonly judge: (customer: CustomerFacts) => Judgement;
  /** Ids of customers that a control protects. */
  readonly protectedIds: ReadonlySet<string>;
}

/** Chooses, before the first flip, the children that do not show the wanted flag and are in no plan. */
export function chooseChildren(
  listed: readonly CustomerFacts[],
  { parentIds, wantedFlag, judge, protectedIds }: FirstFlips,
): readonly WatchedChild[] {
  const staying = listed.flatMap((child): WatchedChild | [] => {
    const { id, isStaging, parentCustomerId: parentId = "" } = child;
    if (!parentIds.has(parentId) || isStaging !== !wantedFlag) return [];
    return judgeAfresh(judge, child).verdict === "candidate" && !protectedIds.has(id) ? [] : { id, parentId };
  });
  const parents = new Set([...new Set(staying.map(({ parentId }) => parentId))].slice(0, MOST_PARENTS));
  return staying.filter(({ parentId }) => parents.has(parentId)).slice(0, MOST_CHILDREN);
}

export interface AfterFlips {
  readonly flippedIds: ReadonlySet<string>;
  readonly wantedFlag: boolean;
  /** The same children, read again. */
  readonly now: readonly CustomerFacts[];
}

/** Halts the rollout when a child of a flipped parent has moved; undefined when flags are independent. */
export function findChildrenStop(
  watched: readonly WatchedChild[],
  { flippedIds, wantedFlag, now }: AfterFlips,
): Stop | undefined {
  const movedIds = new Set(now.flatMap(({ id, isStaging }) => (isStaging === wantedFlag ? id : [])));
  const moved = watched.filter(({ id, parentId }) => flippedIds.has(parentId) && movedIds.has(id));
  if (moved.length === 0) return undefined;
  const children = moved.slice(0, MOST_PARENTS);
  const more = moved.length - children.length;
  return toStop("halt", "children-moved", [{ code: "children-moved", children, more }]);
}
