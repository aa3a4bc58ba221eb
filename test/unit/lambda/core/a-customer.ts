import fc from "fast-check";
import { parsePolicy } from "../../../../lambda/config.ts";
import type { FlipEvent } from "../../../../lambda/contract/deploy-event.ts";
import type { Wave } from "../../../../lambda/contract/wave.ts";
import { type CustomerFacts, createJudge, type Selection } from "../../../../lambda/core/lookup/selection.ts";
import { toShortName } from "../../../../lambda/core/lookup/short-name.ts";
import {
  type Candidate,
  type CandidateWave,
  createCandidates,
  type PlannedCandidate,
} from "../../../../lambda/core/plan/candidates.ts";
import { planRollout, toBatches, toSettled } from "../../../../lambda/core/plan/plan.ts";
import { anyCharacter } from "../../../support/any-character.ts";

export function aCustomer(changes: Partial<CustomerFacts> = {}): CustomerFacts {
  return { id: "c-1", name: "Acme", accountId: "acme", isStaging: true, tags: [], ancestorIds: [], ...changes };
}

/** A customer that the lookup found, and that a promote flips. */
export function aFound(changes: Partial<Candidate> = {}): Candidate {
  return { id: "c-1", name: "Acme", isStaging: true, ...changes };
}

export function aSelection(changes: Partial<Selection> = {}): Selection {
  return {
    accountIds: ["acme"],
    targets: [{ all: true }],
    exclude: [],
    named: { customerIds: [], referenceIds: [] },
    cohortWaves: [],
    guarded: { customerIds: [], referenceIds: [], tags: [] },
    ...changes,
  };
}

export function anAcceptedEvent(changes: Partial<FlipEvent> = {}): FlipEvent {
  return { action: "promote", release: "2026.11.0", targets: [{ all: true }], dryRun: false, ...changes };
}

export const thePolicy = parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["acme"] });

const IDS = Array.from({ length: 12 }, (_, index) => `c-${index}`);
const REFERENCES = ["R-1", "R-2", "R-3"];
const TAGS = ["canary", "beta", "vip"];

const someOf = <Item>(items: readonly Item[], minLength = 0) => fc.subarray([...items], { minLength });

/** A target over few ids, references and tags, so that targets, exclusions and protection often meet. */
const aTarget = fc.oneof(
  fc.record({ customerIds: someOf(IDS, 1) }),
  fc.record({ referenceIds: someOf(REFERENCES, 1) }),
  fc.record({ tags: someOf(TAGS, 1), match: fc.constantFrom("all" as const, "any" as const) }),
  fc.record({ parentCustomerId: fc.constantFrom(...IDS), descendants: fc.boolean() }),
  fc.constant({ all: true as const }),
);

export const anySelection: fc.Arbitrary<Selection> = fc.record({
  accountIds: someOf(["acme", "globex"], 1),
  targets: fc.array(aTarget, { minLength: 1, maxLength: 3 }),
  exclude: fc.array(aTarget, { maxLength: 2 }),
  named: fc.constant({ customerIds: [], referenceIds: [] }),
  cohortWaves: fc.constant([]),
  guarded: fc.record({ customerIds: someOf(IDS), referenceIds: someOf(REFERENCES), tags: someOf(TAGS) }),
});

/** Customers of three accounts; parents and their breadcrumbs are consistent. */
export const someCustomers: fc.Arbitrary<readonly CustomerFacts[]> = fc
  .array(
    fc.record({
      name: fc.string({ unit: anyCharacter, maxLength: 20 }),
      accountId: fc.constantFrom("acme", "acme", "globex", "initech", ""),
      isStaging: fc.constantFrom(true, false, undefined),
      referenceId: fc.option(fc.constantFrom(...REFERENCES), { nil: undefined }),
      tags: someOf(TAGS),
      parent: fc.option(fc.nat(), { nil: undefined }),
    }),
    { maxLength: IDS.length },
  )
  .map((drawn) => {
    const customers: CustomerFacts[] = [];
    for (const [index, { parent: pick, ...facts }] of drawn.entries()) {
      const parent = pick === undefined || index === 0 ? undefined : customers[pick % index];
      const ancestorIds = parent === undefined ? [] : [...(parent.ancestorIds ?? []), parent.id];
      customers.push({ ...facts, id: `c-${index}`, parentCustomerId: parent?.id, ancestorIds });
    }
    return customers;
  });

/** What a lookup keeps of the customers that a selection is about. */
export function toFound(customers: readonly CustomerFacts[], selection: Selection): readonly Candidate[] {
  const judge = createJudge(selection);
  return customers.flatMap((customer) => {
    const judgement = judge(customer);
    if (judgement.verdict === "not selected") return [];
    const { id, name, accountId, isStaging, ancestorIds } = customer;
    const skip = judgement.verdict === "skipped" && { skip: judgement.reason };
    return [{ id, name, accountId, isStaging, ancestorIds, ...skip }];
  });
}

export const ALL_AT_ONCE: readonly Wave[] = [{ size: { kind: "rest" }, bakeSeconds: 0 }];

export interface PlanOptions {
  readonly action?: FlipEvent["action"];
  readonly release?: string;
  readonly waves?: readonly Wave[];
  /** The customers that a retry plans. @default all, and no retry */
  readonly remaining?: readonly string[];
}

export function wavesFor(
  found: readonly Candidate[],
  { action = "promote", release = "2026.11.0", waves = ALL_AT_ONCE, remaining }: PlanOptions = {},
): readonly CandidateWave[] {
  const candidates = createCandidates({ release, wantedFlag: action === "stage", isRetry: remaining !== undefined });
  for (const customer of found) candidates.add({ ...customer, name: toShortName(customer.name) });
  for (const id of remaining ?? []) candidates.markRemaining({ id, name: "" });
  return candidates.toWaves(() => waves);
}

/** Everything that planning gives for a lookup, with names cut as the lookup cuts them. */
export function planFor(found: readonly Candidate[], options: PlanOptions = {}) {
  const { action = "promote", release = "2026.11.0" } = options;
  const waves = wavesFor(found, options);
  return {
    plan: planRollout({ action, release }, waves),
    batches: [...toBatches(waves)],
    settled: [...toSettled(waves)],
    entries: waves.flatMap(({ candidates }) => candidates.map(toEntry)),
  };
}

function toEntry({ id, name, plannedAction }: PlannedCandidate): Omit<PlannedCandidate, "wave"> {
  return { id, name, plannedAction };
}
