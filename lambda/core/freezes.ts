import type { DeployEvent } from "../contract/deploy-event.ts";
import { type Freeze, findLastBegin, toDurationMs } from "../contract/freeze.ts";
import { toIso, toMs } from "../contract/instant.ts";
import type { Attribution, Controls, FreezeControl } from "./controls.ts";
import type { GateReason } from "./reason-types.ts";

/** A freeze that applies. */
export interface FreezeInForce extends Window {
  readonly leftSeconds: number;
}

interface Window {
  readonly name: string;
  /** Its end, in epoch milliseconds; another freeze may apply then. */
  readonly untilMs: number;
  /** The zone of the policy's schedule. */
  readonly timeZone?: string | undefined;
  /** Of a freeze that a person added. */
  readonly by?: Attribution | undefined;
}

/** Whether a freeze refuses, delays or holds the rollout of this event. */
export function isFreezable(event: DeployEvent): boolean {
  return !event.dryRun && event.action !== "rollback" && event.override === undefined;
}

/** The freeze that refuses, delays or holds the rollout of this event now. */
export function findFreezeOf(
  event: DeployEvent,
  freezes: readonly Freeze[],
  controls: Pick<Controls, "freezes">,
  nowMs: number,
): FreezeInForce | undefined {
  return isFreezable(event) ? findFreeze(freezes, controls, nowMs) : undefined;
}

/** Of the freezes that apply now, those of the policy and of the controls, the freeze that ends last. */
export function findFreeze(
  freezes: readonly Freeze[],
  controls: Pick<Controls, "freezes">,
  nowMs: number,
): FreezeInForce | undefined {
  return listFreezes(freezes, controls, nowMs).toSorted((a, b) => b.untilMs - a.untilMs)[0];
}

/** The freezes that apply now: those of the policy that are not lifted, then those of the controls. */
export function listFreezes(
  freezes: readonly Freeze[],
  { freezes: controls = [] }: Pick<Controls, "freezes">,
  nowMs: number,
): readonly FreezeInForce[] {
  const valid = controls.filter(({ until }) => toMs(until) > nowMs);
  const lifted = new Set(valid.filter(({ lifts }) => lifts).map(({ name }) => name));
  const windows = [
    ...freezes.filter(({ name }) => !lifted.has(name)).flatMap((freeze) => findWindow(freeze, nowMs) ?? []),
    ...valid.filter(({ lifts }) => !lifts).map(toWindow),
  ];
  return windows.map((window) => ({ ...window, leftSeconds: Math.ceil((window.untilMs - nowMs) / 1_000) }));
}

/** The window of a policy's freeze that applies now; of windows that overlap, the latest. */
export function findWindow(freeze: Freeze, nowMs: number): Window | undefined {
  const { name } = freeze;
  if ("from" in freeze) {
    const untilMs = toMs(freeze.to);
    return toMs(freeze.from) <= nowMs && nowMs < untilMs ? { name, untilMs } : undefined;
  }
  const beginMs = findLastBegin(freeze, nowMs);
  const untilMs = beginMs === undefined ? 0 : beginMs + toDurationMs(freeze.duration);
  return nowMs < untilMs ? { name, untilMs, timeZone: freeze.timeZone } : undefined;
}

function toWindow({ name, until, requestedBy, reason, at }: FreezeControl): Window {
  return { name, untilMs: toMs(until), by: { requestedBy, reason, at } };
}

/** Why no customer is flipped now. */
export function toFrozen({ name, untilMs, timeZone, by }: FreezeInForce): Extract<GateReason, { code: "frozen" }> {
  return {
    code: "frozen",
    freeze: name,
    until: toIso(untilMs),
    ...(timeZone !== undefined && { timeZone }),
    ...(by && { by: by.requestedBy, since: by.at, why: by.reason }),
  };
}
