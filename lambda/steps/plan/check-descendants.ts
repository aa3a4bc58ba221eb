import { wantedFlag } from "../../contract/deploy-event.ts";
import { FinalError } from "../../core/final-error.ts";
import { chunk } from "../../core/lookup/chunk.ts";
import type { CustomerFacts } from "../../core/lookup/selection.ts";
import type { Ranking } from "../../core/plan/candidates.ts";
import { indexIds } from "../../core/plan/id-index.ts";
import { describeLeftOut, findLeftOut, type LeftOutDescendant } from "../../core/plan/left-out-descendants.ts";
import type { Connection, Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";

const IN_A_PAGE = 100;

export interface DescendantsToCheck {
  readonly ranking: Ranking;
  readonly connection: Pick<Connection, "readPage">;
}

/**
 * On an account where flags follow the parent: what speaks against a plan that leaves descendants out. All descendants of
 * the customers to be flipped are listed, a hundred parents with a request, whatever the targets are: the lookup does not
 * know them where it listed ids or tags, where a retry narrows it, or where the server shows no breadcrumb.
 * @throws FinalError when they cannot all be listed
 */
export async function readLeftOut(
  { policy }: Pick<Ports, "policy">,
  { event }: Pick<FlipRollout, "event">,
  { ranking, connection }: DescendantsToCheck,
): Promise<string | undefined> {
  if (!policy.childrenFollow) return undefined;
  const ranks = indexIds(ranking.size, ranking.idAt);
  const isFlipped = (id: string): boolean => {
    const rank = ranks.find(id);
    return rank !== undefined && ranking.isFlip(rank);
  };
  const leftOut = new Map<string, LeftOutDescendant>();
  const groups = chunk(flippedIds(ranking));
  for (let from = 0; from < groups.length; from += policy.concurrency) {
    await Promise.all(
      groups.slice(from, from + policy.concurrency).map(async (ids) => {
        const listed = await listDescendants(connection, ids);
        const plan = { ancestorIds: new Set(ids), isFlipped, wantedFlag: wantedFlag(event.action) };
        for (const one of findLeftOut(listed, plan)) leftOut.set(one.id, one);
      }),
    );
  }
  return describeLeftOut([...leftOut.values()]);
}

function flippedIds(ranking: Ranking): readonly string[] {
  const ranks = Array.from({ length: ranking.size }, (_, rank) => rank);
  return ranks.filter((rank) => ranking.isFlip(rank)).map((rank) => ranking.idAt(rank));
}

/** All pages, by id: rows may shift between two of them, and then fewer are found than the server counts. */
async function listDescendants(
  { readPage }: Pick<Connection, "readPage">,
  parentCustomerIds: readonly string[],
): Promise<readonly CustomerFacts[]> {
  const listing = { kind: "children", accountIds: [], parentCustomerIds, descendants: true } as const;
  const found = new Map<string, CustomerFacts>();
  let total = 0;
  for (let page = 0, before = -1; found.size > before; page += 1) {
    before = found.size;
    const { customers, total: counted = 0 } = await readPage({ listing, page, pageSize: IN_A_PAGE, tagIds: new Map() });
    for (const customer of customers) found.set(customer.id, customer);
    total = Math.max(total, counted);
    if (counted > 0 && found.size >= total && customers.length < IN_A_PAGE) break;
  }
  if (found.size >= total) return [...found.values()];
  throw new FinalError(
    `the policy says childrenFollow, and Evo Voice lists ${found.size} of ${total} descendants, so no customer was flipped; send the event again`,
  );
}
