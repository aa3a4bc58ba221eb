import { listShortly } from "../../contract/describe.ts";
import type { Breach, PlanReason, Sentences } from "../reason-types.ts";
import { toShortHash } from "./short-hash.ts";

const MOST_NAMED = 20;

export const PLAN_SENTENCES: Sentences<PlanReason> = {
  "none-selected": () =>
    "no customer of the policy's accounts is selected by the event's targets, so no customer was flipped; correct the targets, or the policy's accountIds",
  "none-left": () => "that rollout left no customer to retry, so no customer was flipped",
  "unknown-customers": ({ named, more }) =>
    `the event or the policy names customers that Evo Voice does not have, so no customer was flipped: ${listShortly(named, MOST_NAMED)}${more > 0 ? ` and ${more} more` : ""}; correct the event or the policy, or set the policy's unknownCustomers to "skip"`,
  "ambiguous-references": ({ references }) =>
    `several customers carry the same reference id, so no customer was flipped: ${listShortly(
      references.map(({ referenceId, customerIds }) => `${referenceId} (${listShortly(customerIds, 5)})`),
      MOST_NAMED,
    )}; name them by customerIds`,
  "blast-radius": describeBreach,
  "stale-plan": ({ plan, now, changes }) =>
    `the plan ${toShortHash(plan)} is no longer the plan of this event, which is now ${toShortHash(now)}: ${changes}; look at a new dry run, then send its hash`,
  "unknown-plan": ({ plan, now }) =>
    `the ledger has no dry run with the plan ${toShortHash(plan)}, and the plan of this event is now ${toShortHash(now)}; make a new dry run, then send its hash`,
  "plan-of-another-event": ({ plan, retryOf }) =>
    `the plan ${toShortHash(plan)} is ${retryOf === undefined ? "of another action or release" : `not of a retry of ${retryOf}`}: make a dry run of this event`,
  "descendants-left-out": ({ descendants }) => {
    const named = descendants.map(({ id, ancestorId }) =>
      ancestorId === undefined ? id : `${id} (below ${ancestorId})`,
    );
    const count = descendants.length === 1 ? "1 descendant" : `${descendants.length} descendants`;
    return `the policy says childrenFollow, and the plan leaves out ${count} of customers to be flipped: ${listShortly(named, MOST_NAMED)}; select whole families, or leave their ancestors out`;
  },
  "descendants-not-listed": ({ found, total }) =>
    `the policy says childrenFollow, and Evo Voice lists ${found} of ${total} descendants, so no customer was flipped; send the event again`,
  "batch-missing": ({ rolloutId, index }) =>
    `the ledger has no batch ${index} of rollout ${rolloutId}: its plan was not written completely`,
  "wave-empty": ({ cohort }) =>
    cohort === undefined ? "no customer is left for it" : `no customer of cohort ${cohort} is left to be flipped`,
  "wave-short": ({ flip, quota }) =>
    `${flip} of ${quota} customers: every family that waits is larger than what is left`,
  "large-family": ({ customers }) => `a family of ${customers} customers fits into no wave before it`,
};

function describeBreach(breach: Breach): string {
  const plan = `the plan flips ${breach.flip} customers`;
  switch (breach.rule) {
    case "maxCustomers":
      return `${plan}; at most ${breach.allowed} are allowed`;
    case "maxShare":
      return breach.scope === undefined
        ? `${plan}; ${breach.share} of the scope are allowed, and its size is not known`
        : `the plan flips ${breach.flip} of the scope's ${breach.scope} customers; at most ${breach.share} of them are allowed: ${breach.allowed}`;
    case "largePromote":
      return `${plan}, its first wave ${breach.firstWave}, with a bake of ${breach.bakeSeconds} s; the policy expects ${breach.expected}`;
  }
}
