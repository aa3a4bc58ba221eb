import { isDeepStrictEqual } from "node:util";
import { EXIT, Failure } from "./failure.ts";
import { parseJson } from "./read-files.ts";

export type Event = Readonly<Record<string, unknown>>;

/** What commander read: options by their names in camel case. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * The deploy event of a command line, on top of the event of a file. `name` is a release, or the rollout that a rollback or
 * a retry is about. Only what flags alone can get wrong is refused here: a member that flags and file give differently. The
 * front door checks everything else. @throws Failure
 */
export function toEvent(flags: Flags, [action, name]: readonly (string | undefined)[], file: Event = {}): Event {
  const { onFailure, plan, notAfter, onBusy, onFreeze, id, by, reason } = flags;
  const { strategy, maxCustomers, override } = flags;
  const isLater = action === "rollback" || action === "retry";
  const members: Event = {
    ...{ action, release: isLater ? flags.release : name, rolloutId: isLater ? name : undefined },
    ...{ targets: toTargets(flags), exclude: toTargets(toExcluded(flags)), strategy: toStrategy(strategy) },
    ...{ onFailure, plan, notAfter, onBusy, onFreeze, id, requestedBy: by, reason },
    limits: maxCustomers === undefined ? undefined : { maxCustomers },
    override: override === undefined ? undefined : { reason: override },
  };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const clashes = given.filter(([member, value]) => member in file && !isDeepStrictEqual(file[member], value));
  if (clashes.length === 0) return { ...file, ...Object.fromEntries(given) };
  const names = clashes.map(([member]) => member).join(", ");
  throw new Failure(`the event file and the command line differ in ${names}: leave one of them out`, {
    exitCode: EXIT.refused,
  });
}

/** The flags `excludeTag`, `excludeParent`, … without their prefix. */
function toExcluded(flags: Flags): Flags {
  const excluded = Object.entries(flags).filter(([name]) => name.startsWith("exclude"));
  return Object.fromEntries(excluded.map(([name, value]) => [name.charAt(7).toLowerCase() + name.slice(8), value]));
}

/** Each kind of selection is a target of its own; customers of any of them are meant, as in an event. */
function toTargets(flags: Flags): readonly object[] | undefined {
  const list = (name: string) => (flags[name] ?? []) as readonly string[];
  const [tags, customerIds] = [list("tag"), list("customerId")];
  const referenceIds = [...list("referenceId"), ...list("referenceIdsFrom")];
  const { match, all } = flags;
  if (match !== undefined && tags.length < 2)
    throw new Failure("--match needs two or more --tag", { exitCode: EXIT.refused });
  const targets = [
    ...(tags.length > 0 ? [{ tags, match }] : []),
    ...(customerIds.length > 0 ? [{ customerIds }] : []),
    ...(referenceIds.length > 0 ? [{ referenceIds }] : []),
    ...list("cohort").map((cohort) => ({ cohort })),
    ...list("parent").map((parentCustomerId) => ({ parentCustomerId })),
    ...(all === true ? [{ all }] : []),
  ];
  return targets.length === 0 ? undefined : targets;
}

/** A name, or the waves as JSON. */
export function toStrategy(strategy: unknown, source = "--strategy"): unknown {
  const isJson = typeof strategy === "string" && strategy.trimStart().startsWith("{");
  return isJson ? parseJson(strategy, source) : strategy;
}
