import { isDeepStrictEqual } from "node:util";
import { EXIT, Failure } from "./failure.ts";

/** A selection of customers in flags. */
export interface Selection {
  readonly tag?: readonly string[] | undefined;
  readonly match?: string | undefined;
  readonly customerId?: readonly string[] | undefined;
  readonly referenceId?: readonly string[] | undefined;
  readonly cohort?: readonly string[] | undefined;
  readonly parent?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
}

/** What the flags of a verb say. */
export interface EventFlags {
  readonly action?: string | undefined;
  readonly release?: string | undefined;
  readonly rolloutId?: string | undefined;
  readonly targets: Selection;
  readonly exclude: Selection;
  readonly strategy?: string | undefined;
  readonly onFailure?: string | undefined;
  readonly maxCustomers?: string | undefined;
  readonly override?: string | undefined;
  readonly plan?: string | undefined;
  readonly notAfter?: string | undefined;
  readonly onBusy?: string | undefined;
  readonly id?: string | undefined;
  readonly requestedBy?: string | undefined;
  readonly reason?: string | undefined;
}

export type Event = Readonly<Record<string, unknown>>;

/**
 * The deploy event of the flags, on top of the event of a file. Only what flags alone can get wrong is refused here: a
 * member that flags and file give differently. The front door checks everything else. @throws Failure
 */
export function toEvent(
  { targets, exclude, strategy, maxCustomers, override, ...texts }: EventFlags,
  file: Event = {},
) {
  const flags: Event = {
    ...texts,
    targets: toTargets(targets),
    exclude: toTargets(exclude),
    strategy: strategy?.trimStart().startsWith("{") ? parse(strategy) : strategy,
    limits: maxCustomers === undefined ? undefined : { maxCustomers: Number(maxCustomers) },
    override: override === undefined ? undefined : { reason: override },
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const clashes = given.filter(([name, value]) => name in file && !isDeepStrictEqual(file[name], value));
  if (clashes.length === 0) return { ...file, ...Object.fromEntries(given) };
  const names = clashes.map(([name]) => name).join(", ");
  throw new Failure(`the event's file has another ${names} than the command line: leave one of them out`, {
    exitCode: EXIT.refused,
  });
}

/** Each kind of selection is a target of its own; customers of any of them are meant, as in an event. */
function toTargets({ tag, match, customerId, referenceId, cohort = [], parent = [], all }: Selection) {
  const targets = [
    ...(tag || match ? [{ tags: tag, match }] : []),
    ...(customerId ? [{ customerIds: customerId }] : []),
    ...(referenceId ? [{ referenceIds: referenceId }] : []),
    ...cohort.map((name) => ({ cohort: name })),
    ...parent.map((id) => ({ parentCustomerId: id })),
    ...(all ? [{ all: true }] : []),
  ];
  return targets.length === 0 ? undefined : targets;
}

function parse(strategy: string): unknown {
  try {
    return JSON.parse(strategy);
  } catch (cause) {
    throw new Failure(`--strategy: expected a name, or the waves as JSON: ${String(cause)}`, {
      exitCode: EXIT.refused,
      cause,
    });
  }
}
