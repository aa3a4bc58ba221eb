import { listShortly } from "../contract/describe.ts";
import { toMs } from "../contract/instant.ts";
import { toReleaseKey } from "../contract/release-name.ts";
import type { Via } from "../contract/via.ts";
import type { Reason } from "./reasons.ts";

/** The lock and the controls of an environment: one item, read consistently before each batch. */
export interface LockAndControls {
  readonly lock?: Lock | undefined;
  /** Counts every taking of the lock: the fencing number. */
  readonly fence: number;
  /** Counts the changes of the controls; absent before the first. */
  readonly revision?: number | undefined;
  /** The stop switch: while it is set, no customer is flipped. */
  readonly stopped?: Attribution | undefined;
  /** Since then, a login that Evo Voice refused before may be tried again. */
  readonly loginAgain?: Attribution | undefined;
  readonly holds: Readonly<Record<string /* toReleaseKey */, Hold>>;
  /** Customers that are protected besides those of the policy. */
  readonly protectedIds: readonly string[];
  /** Freezes that a person added or lifted; absent for none. */
  readonly freezes?: readonly FreezeControl[] | undefined;
}

/** A freeze that began at `at`, or the end of one. Over at `until` (ISO 8601). */
export interface FreezeControl extends Attribution {
  readonly name: string;
  readonly until: string;
  /** The policy's freeze of this name does not apply. */
  readonly lifts?: true | undefined;
}

export interface Lock {
  readonly rolloutId: string;
  readonly execution: string;
  readonly fence: number;
  readonly fingerprint: string;
  /** How long requests of this holder may run after it lost the lock, by the policy of this holder. */
  readonly settleSeconds: number;
  /** The holder before, when its execution ended without a release of the lock. */
  readonly takenFrom?: Pick<Lock, "rolloutId" | "execution" | "settleSeconds"> | undefined;
}

/** The person who asked for a change, the reason, and the time (ISO 8601). */
export interface Attribution {
  readonly requestedBy: string;
  readonly reason: string;
  readonly at: string;
}

/** No event flips customers to a held release until a person clears the hold. */
export interface Hold extends Attribution {
  /** Of a `stage`, it refuses `stage` and `promote`; of a `promote`, only `promote`. */
  readonly action: "stage" | "promote";
  /** The rollout that was rolled back; a person holds a release without one. */
  readonly rolloutId?: string | undefined;
}

/** One change of the controls, as the history keeps it. The hold of a rollback has no `via`. */
export type ControlChange = Attribution & { readonly via?: Via | undefined } & (
    | { readonly change: "stop-everything" | "resume-everything" | "try-login-again" }
    | { readonly change: "hold-release"; readonly release: string; readonly hold: Pick<Hold, "action" | "rolloutId"> }
    | { readonly change: "clear-release"; readonly release: string }
    | { readonly change: "protect" | "unprotect"; readonly customerIds: readonly string[] }
    | { readonly change: "freeze"; readonly name: string; readonly until: string }
    /** `windowEnd`: of the policy's freeze of this name, if it applies now. */
    | { readonly change: "lift-freeze"; readonly name: string; readonly windowEnd?: string | undefined }
  );

/** What applies to the whole environment, without the lock. */
export type Controls = Pick<LockAndControls, "stopped" | "loginAgain" | "holds" | "protectedIds" | "freezes">;

export type ChangedControls =
  | { readonly kind: "changed"; readonly controls: Controls }
  | { readonly kind: "refused"; readonly problem: string };

export const MOST_HOLDS = 500;
export const MOST_PROTECTED = 1_000;
export const MOST_FREEZES = 50;
/** A longer freeze stands in the policy. */
const MOST_FREEZE_MS = 31 * 24 * 3_600_000;

/** The controls after one more change: the whole change or nothing. */
export function applyControlChange(controls: Controls, change: ControlChange): ChangedControls {
  const { requestedBy, reason, at } = change;
  const by = { requestedBy, reason, at };
  switch (change.change) {
    case "stop-everything":
      // The first stop says since when.
      return toChanged({ ...controls, stopped: controls.stopped ?? by });
    case "resume-everything":
      return toChanged({ ...controls, stopped: undefined });
    case "try-login-again":
      return toChanged({ ...controls, loginAgain: by });
    case "hold-release":
      return hold(controls, change.release, { ...by, ...change.hold });
    case "clear-release":
      return clear(controls, change.release);
    case "protect":
      return protect(controls, change.customerIds);
    case "unprotect":
      return unprotect(controls, change.customerIds);
    case "freeze":
      return freeze(controls, { ...by, name: change.name, until: change.until });
    case "lift-freeze":
      return liftFreeze(controls, { ...by, name: change.name, until: change.windowEnd });
  }
}

/** The control that forbids flips to a release. `flips` is absent for a rollback, which no hold forbids. */
export function findObstacle(
  controls: Pick<LockAndControls, "stopped" | "holds">,
  flips: { readonly action: Hold["action"]; readonly release: string } | undefined,
): Reason | undefined {
  if (controls.stopped !== undefined) return toStopped(controls.stopped);
  const hold = flips && findHold(controls, flips.action, flips.release);
  return hold && toHeld(flips.release, hold);
}

/** The hold that refuses this action of a release. */
export function findHold(
  { holds }: Pick<LockAndControls, "holds">,
  action: Hold["action"],
  release: string,
): Hold | undefined {
  const held = holdOf(holds, release);
  return held?.action === "promote" && action === "stage" ? undefined : held;
}

/** A release may have the name of a member that every object has, such as `constructor`. */
export function holdOf(holds: LockAndControls["holds"], release: string): Hold | undefined {
  const key = toReleaseKey(release);
  return Object.hasOwn(holds, key) ? holds[key] : undefined;
}

/** A hold that refuses less never replaces a hold that refuses more. */
function hold(controls: Controls, release: string, added: Hold): ChangedControls {
  const held = holdOf(controls.holds, release);
  if (held?.action === "stage" && added.action === "promote") return toChanged(controls);
  if (held === undefined && Object.keys(controls.holds).length >= MOST_HOLDS) {
    return refuse(
      `${release} was not held: ${MOST_HOLDS} releases are held already, which is the most; clear holds that are over`,
    );
  }
  return toChanged({ ...controls, holds: { ...controls.holds, [toReleaseKey(release)]: added } });
}

function clear(controls: Controls, release: string): ChangedControls {
  if (holdOf(controls.holds, release) === undefined)
    return refuse(`${release} is not held; the command controls shows the holds`);
  const { [toReleaseKey(release)]: _cleared, ...holds } = controls.holds;
  return toChanged({ ...controls, holds });
}

function protect(controls: Controls, ids: readonly string[]): ChangedControls {
  const protectedIds = [...new Set([...controls.protectedIds, ...ids])];
  if (protectedIds.length <= MOST_PROTECTED) return toChanged({ ...controls, protectedIds });
  const over = protectedIds.slice(MOST_PROTECTED);
  return refuse(
    `no customer was protected: the controls protect at most ${MOST_PROTECTED} customers, and ${listShortly(over)} would be more; protect them in the policy`,
  );
}

/** An id that the controls do not protect is a mistake, or the policy protects it. */
function unprotect(controls: Controls, ids: readonly string[]): ChangedControls {
  const given = new Set(ids);
  const unknown = [...given].filter((id) => !controls.protectedIds.includes(id));
  if (unknown.length > 0) {
    return refuse(
      `no customer lost its protection: the controls do not protect ${listShortly(unknown)}; a customer that the policy protects needs a new deployment`,
    );
  }
  return toChanged({ ...controls, protectedIds: controls.protectedIds.filter((id) => !given.has(id)) });
}

/** A freeze of the same name gets the new end. */
function freeze(controls: Controls, added: FreezeControl): ChangedControls {
  const ms = toMs(added.until) - toMs(added.at);
  if (ms <= 0 || ms > MOST_FREEZE_MS) {
    return refuse(
      `until: got ${added.until}; expected a time from now on, at most 31 days later; a longer freeze stands in the policy`,
    );
  }
  const freezes = keepOthers(controls, added);
  if (freezes.length < MOST_FREEZES) return toChanged({ ...controls, freezes: [...freezes, added] });
  return refuse(`${added.name} was not added: ${MOST_FREEZES} freezes apply or are lifted, which is the most`);
}

/** A freeze of the controls ends, and a freeze of the policy does not apply until the end of this window. */
function liftFreeze(
  controls: Controls,
  { until, ...by }: Omit<FreezeControl, "until"> & { readonly until: string | undefined },
): ChangedControls {
  const freezes = keepOthers(controls, by);
  if (until !== undefined) return toChanged({ ...controls, freezes: [...freezes, { ...by, until, lifts: true }] });
  const isAdded = controls.freezes?.some((one) => one.name === by.name && !one.lifts && isValid(one, by.at));
  if (isAdded) return toChanged({ ...controls, freezes });
  return refuse(`no freeze ${by.name} applies; the command controls shows the freezes`);
}

/** Without those that are over. */
function keepOthers({ freezes = [] }: Controls, { name, at }: Pick<FreezeControl, "name" | "at">) {
  return freezes.filter((one) => one.name !== name && isValid(one, at));
}

function isValid({ until }: FreezeControl, at: string): boolean {
  return toMs(until) > toMs(at);
}

function toChanged(controls: Controls): ChangedControls {
  return { kind: "changed", controls };
}

function refuse(problem: string): ChangedControls {
  return { kind: "refused", problem };
}

/** Why no customer is flipped now. */
export function toStopped({ requestedBy, reason, at }: Attribution): Reason {
  return { code: "stopped", by: requestedBy, since: at, why: reason };
}

/** Why a release stays where it is. */
export function toHeld(release: string, { requestedBy, reason, at, rolloutId }: Hold): Reason {
  return {
    code: "release-held",
    release,
    by: requestedBy,
    since: at,
    why: reason,
    ...(rolloutId !== undefined && { after: rolloutId }),
  };
}
