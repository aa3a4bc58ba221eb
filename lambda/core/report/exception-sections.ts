import type { PlannedCustomer } from "../plan/planned-customer.ts";
import { type Exception, isUnfinished, type Report } from "./report.ts";
import type { Block, Limits, Section } from "./report-document.ts";
import { countCustomers, formatNumber, shortenText } from "./text-layout.ts";

/** The customers that need a look, by name: a section for each kind, the most urgent kind first. */
export function toExceptionSections(report: Report, limits: Limits): readonly Section[] {
  const kinds = limits.namesSkipped ? [...KINDS, SKIPPED] : KINDS;
  return kinds.flatMap((kind) => toSection(kind, report, limits) ?? []);
}

interface Kind {
  readonly title: string;
  readonly total: (report: Report) => number;
  readonly has: (exception: Exception) => boolean;
  /** How many customers have each reason, where that is known. */
  readonly counted?: (report: Report) => Report["failedBy"];
}

const KINDS: readonly Kind[] = [
  {
    title: "not restored, still where the rollout put them",
    total: (report) => (isUnfinished(report) ? 0 : (report.rollback?.failed ?? 0)),
    has: ({ outcome }) => outcome === "not-restored",
  },
  {
    title: "conflicting, left where they are",
    total: ({ rollback }) => rollback?.conflicting ?? 0,
    has: ({ outcome }) => outcome === "conflicting",
  },
  {
    title: "deferred",
    total: ({ counts }) => counts.deferred,
    has: ({ outcome }) => outcome === "deferred",
  },
  {
    title: "failed",
    total: ({ counts }) => counts.failed,
    has: ({ outcome }) => outcome === "failed",
    counted: ({ failedBy }) => failedBy,
  },
];

const SKIPPED: Kind = {
  title: "skipped, by name",
  total: ({ counts, plan, status }) => (status === "planned" ? (plan?.skipped ?? 0) : counts.skipped),
  has: ({ outcome }) => outcome === "skipped",
};

/** The first customers of a kind, grouped by reason; a reason whose customers are all among the others is still counted. */
function toSection({ title, total, has, counted }: Kind, report: Report, limits: Limits): Section | undefined {
  const { namedCustomers, characters } = limits;
  const listed = report.exceptions.filter(has);
  if (listed.length === 0) return undefined;
  const named = listed.slice(0, namedCustomers);
  const more = Math.max(total(report), listed.length) - named.length;
  const counts = new Map(counted?.(report)?.map(({ message, customers }) => [message, customers]));
  const sentences = new Set([...named.map(({ reason }) => reason.message), ...counts.keys()]);
  const blocks = [...sentences].flatMap((sentence): readonly Block[] => {
    const customers = named.filter(({ reason }) => reason.message === sentence);
    const count = counts.get(sentence) ?? 0;
    const head = count > customers.length ? `${countCustomers(count)}: ${sentence}` : sentence;
    return [
      { kind: "text", lines: [shortenText(head, characters)] },
      { kind: "customers", customers: customers.map((each) => toNamed({ ...each, id: each.customerId })) },
    ];
  });
  return { title, blocks: [...blocks, ...countMore(report, more)] };
}

/** The customers that a dry run would flip, the first by name. */
export function toFlipSections(report: Report, { plannedCustomers }: Limits): readonly Section[] {
  const named = (report.firstFlips ?? []).slice(0, plannedCustomers);
  if (named.length === 0) return [];
  const waves = new Set(named.map(({ wave }) => wave));
  const blocks = [...waves].flatMap((wave): readonly Block[] => [
    { kind: "text", lines: [`wave ${wave}`] },
    { kind: "customers", customers: named.filter((flip) => flip.wave === wave).map(toNamed) },
  ]);
  return [{ title: "to flip", blocks: [...blocks, ...countMore(report, (report.plan?.flip ?? 0) - named.length)] }];
}

/** The customers of a rollback stand in the plans of the rollouts that it restores. */
function countMore({ action, of = [] }: Report, more: number): readonly Block[] {
  const whose = action === "rollback" && of.length > 0 ? ` of ${of.join(", ")}` : "";
  const rest = `and ${formatNumber(more)} more; the command customers${whose} lists all of them`;
  return more > 0 ? [{ kind: "text", lines: [rest], style: "dim" }] : [];
}

function toNamed({ name, referenceId, id }: PlannedCustomer): PlannedCustomer {
  const [shortName, shortReference] = [name, referenceId].map((text) => text && shortenText(text, MOST_NAME));
  return { name: shortName ?? "", referenceId: shortReference, id };
}

const MOST_NAME = 80;
