import type { Pass } from "../../core/lookup/completeness.ts";
import type { CustomerQuery, TagIds } from "../../core/lookup/customer-query.ts";
import type { CustomerFacts, Judgement, Selection } from "../../core/lookup/selection.ts";
import type { Connection, Ports } from "../ports.ts";
import type { Progress } from "../run-part.ts";

/** How far a lookup has come: counters only; the customers are in the ledger. */
export interface LookupProgress extends Progress {
  /** The listing at the end of a rollout: only customers that are not as the ledger expects are found. */
  readonly atEnd?: boolean | undefined;
  readonly query: number;
  readonly pass: number;
  readonly page: number;
  /** How many pages this pass has by the server's count; undefined before its first page. */
  readonly pages?: number | undefined;
  /** The ids of the last page read, as a hash. */
  readonly lastPage?: string | undefined;
  readonly firstTotal?: number | undefined;
  readonly lastTotal?: number | undefined;
  /** Undefined while the pass is being read; then whether its pages ended or only repeat themselves. */
  readonly ended?: boolean | undefined;
  /** What the server said in the finished passes over this query. */
  readonly earlier: readonly Omit<Pass, "ids">[];
  /** For each finished query, the pass that counts. */
  readonly accepted: readonly number[];
  /** How many found customers the ledger holds for the finished queries and this pass. */
  readonly found: number;
  readonly foundBefore: number;
}

export const LOOKUP_START: LookupProgress = {
  done: false,
  idleParts: 0,
  query: 0,
  pass: 1,
  page: 0,
  earlier: [],
  accepted: [],
  found: 0,
  foundBefore: 0,
};

/** What every window of a part shares. */
export interface Lookup {
  readonly ports: Ports;
  /** Under which name the ledger keeps what is found. */
  readonly listing: string;
  readonly connection: Connection;
  readonly selection: Selection;
  readonly queries: readonly CustomerQuery[];
  readonly judge: (customer: CustomerFacts) => Judgement;
  /** The customers that controls protect, as this part read them. */
  readonly protectedIds: ReadonlySet<string>;
  readonly findCohortWave: (customer: CustomerFacts) => number | undefined;
  readonly references: ReadonlySet<string>;
  readonly windowPages: number;
  readonly pageSize: number;
  readonly tagIds: TagIds;
}

/** Under which name the ledger keeps what the listing at the end of a rollout finds. */
export function toEndListing(rolloutId: string): string {
  return `${rolloutId}#end`;
}
