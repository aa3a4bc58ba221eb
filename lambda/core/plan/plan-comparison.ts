import { isDeepStrictEqual } from "node:util";
import { describeReason } from "../reasons.ts";
import type { CandidateWave, PlannedCandidate } from "./candidates.ts";
import { nameCustomer } from "./planned-customer.ts";

/** The graver kinds first: a customer that is flipped although the plan that a person looked at does not flip it. */
const KINDS = [
  "to be flipped now",
  "no longer to be flipped",
  "in another wave",
  "left out for another reason",
] as const;
export type ChangeKind = (typeof KINDS)[number];

export interface PlanChanges {
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** At most 20 customers, the graver kinds first. */
  readonly named: readonly ChangedCustomer[];
}

export interface ChangedCustomer {
  readonly id: string;
  readonly name: string;
  readonly referenceId?: string | undefined;
  readonly kind: ChangeKind;
  readonly before: string;
  readonly after: string;
}

/** What an earlier plan says of one customer; the wave is known of a customer to be flipped. */
export type EarlierCandidate = Omit<PlannedCandidate, "wave"> & Partial<Pick<PlannedCandidate, "wave">>;

/** Takes in an earlier plan customer by customer, in any order. */
export interface PlanComparison {
  addBefore(customer: EarlierCandidate): void;
  /** Once every customer of the earlier plan was added. */
  changes(): PlanChanges;
}

const MOST_NAMED = 20;
const NOT_THERE = "not found";

/** Says what changed between an earlier plan, such as a dry run's, and the plan of now. */
export function comparePlans(now: readonly CandidateWave[]): PlanComparison {
  const added = new Map(now.flatMap(({ candidates }) => candidates.map((candidate) => [candidate.id, candidate])));
  const changed = new Map(KINDS.map((kind) => [kind, { count: 0, named: [] as ChangedCustomer[] }]));

  function compare(before: EarlierCandidate | undefined, after: EarlierCandidate | undefined): void {
    const kind = toKind(before, after);
    const changes = kind === undefined ? undefined : changed.get(kind);
    if (kind === undefined || changes === undefined) return;
    changes.count += 1;
    const { id = "", name = "", referenceId } = after ?? before ?? {};
    if (changes.named.length < MOST_NAMED)
      changes.named.push({ id, name, referenceId, kind, before: describe(before), after: describe(after) });
  }

  return {
    addBefore(before) {
      compare(before, added.get(before.id));
      added.delete(before.id);
    },
    changes() {
      for (const after of added.values()) compare(undefined, after);
      return {
        counts: Object.fromEntries([...changed].map(([kind, { count }]) => [kind, count])) as PlanChanges["counts"],
        named: [...changed.values()].flatMap(({ named }) => named).slice(0, MOST_NAMED),
      };
    },
  };
}

/** For a refusal: the counts, then the customers. */
export function describeChanges({ counts, named }: PlanChanges): string {
  const kinds = KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  if (kinds.length === 0)
    return "no customer is in another wave; the bakes or approvals differ, or the order within a wave";
  const more = KINDS.reduce((sum, kind) => sum + counts[kind], 0) - named.length;
  const customers = named.map(({ before, after, ...customer }) => `${nameCustomer(customer)}: ${before} → ${after}`);
  return `${kinds.join(", ")}: ${customers.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function toKind(before: EarlierCandidate | undefined, after: EarlierCandidate | undefined): ChangeKind | undefined {
  const [was, is] = [before?.plannedAction === "flip", after?.plannedAction === "flip"];
  if (was !== is) return is ? "to be flipped now" : "no longer to be flipped";
  if (was) return before?.wave === after?.wave ? undefined : "in another wave";
  return isDeepStrictEqual(before?.plannedAction, after?.plannedAction) ? undefined : "left out for another reason";
}

function describe(customer: EarlierCandidate | undefined): string {
  if (customer === undefined) return NOT_THERE;
  const { plannedAction, wave } = customer;
  if (plannedAction === "flip") return `wave ${wave}`;
  return plannedAction === "unchanged" ? "unchanged" : `skipped, ${describeReason(plannedAction.skipped)}`;
}
