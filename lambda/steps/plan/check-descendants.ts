import { wantedFlag } from "../../contract/deploy-event.ts";
import { FinalError } from "../../core/final-error.ts";
import { chunkIds } from "../../core/lookup/id-list.ts";
import type { CustomerFacts } from "../../core/lookup/selection.ts";
import type { CandidateWave } from "../../core/plan/candidates.ts";
import { findLeftOut, type LeftOutDescendant } from "../../core/plan/left-out-descendants.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Connection, Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";

const IN_A_PAGE = 100;

export interface DescendantsToCheck {
  readonly waves: readonly CandidateWave[];
  readonly connection: Pick<Connection, "readPage">;
}

/**
 * For an account where children follow their parent's flag: says which descendants of flipped customers the plan leaves
 * out. It lists the descendants of all customers to be flipped, as many parents at once as one request names, for any targets: the
 * lookup does not know them when it listed ids or tags, in a retry, or when the server shows no breadcrumb.
 * @throws FinalError when they cannot all be listed
 */
export async function readLeftOut(
  { policy }: Pick<Ports, "policy">,
  { event }: Pick<FlipRollout, "event">,
  { waves, connection }: DescendantsToCheck,
): Promise<Reason | undefined> {
  if (!policy.childrenFollow) return undefined;
  const flippedIds = waves.flatMap(({ candidates }) =>
    candidates.filter(({ plannedAction }) => plannedAction === "flip").map(({ id }) => id),
  );
  const flipped = new Set(flippedIds);
  const leftOut = new Map<string, LeftOutDescendant>();
  const groups = chunkIds(flippedIds);
  for (let from = 0; from < groups.length; from += policy.concurrency) {
    await Promise.all(
      groups.slice(from, from + policy.concurrency).map(async (ids) => {
        const listed = await listDescendants(connection, ids);
        const plan = { ancestorIds: new Set(ids), flippedIds: flipped, wantedFlag: wantedFlag(event.action) };
        for (const one of findLeftOut(listed, plan)) leftOut.set(one.id, one);
      }),
    );
  }
  return leftOut.size === 0 ? undefined : { code: "descendants-left-out", descendants: [...leftOut.values()] };
}

/** Reads all pages and counts each id once: when rows shift between two pages, fewer are found than the server counts. */
async function listDescendants(
  { readPage }: Pick<Connection, "readPage">,
  parentCustomerIds: readonly string[],
): Promise<readonly CustomerFacts[]> {
  const query = { kind: "children", accountIds: [], parentCustomerIds, descendants: true } as const;
  const found = new Map<string, CustomerFacts>();
  let total = 0;
  for (let page = 0, before = -1; found.size > before; page += 1) {
    before = found.size;
    const { customers, total: counted = 0 } = await readPage({ query, page, pageSize: IN_A_PAGE, tagIds: new Map() });
    for (const customer of customers) found.set(customer.id, customer);
    total = Math.max(total, counted);
    if (counted > 0 && found.size >= total && customers.length < IN_A_PAGE) break;
  }
  if (found.size >= total) return [...found.values()];
  throw new FinalError({ code: "descendants-not-listed", found: found.size, total });
}
