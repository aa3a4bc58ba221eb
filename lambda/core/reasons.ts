import { API_SENTENCES } from "./api-reasons.ts";
import { FLIP_SENTENCES } from "./flip/flip-reasons.ts";
import { GATE_SENTENCES } from "./gate/gate-reasons.ts";
import { LOOKUP_SENTENCES } from "./lookup/lookup-reasons.ts";
import { PLAN_SENTENCES } from "./plan/plan-reasons.ts";
import type { Reason, ReasonCode, Sentences } from "./reason-types.ts";
import { ROLLBACK_SENTENCES } from "./rollback/rollback-reasons.ts";
import { START_SENTENCES } from "./start-reasons.ts";

export type { Reason, ReasonCode };

/** A reason with its sentence, as reports show it. */
export type Explained = Reason & { readonly message: string };

const SENTENCES: Sentences<Reason> = {
  ...API_SENTENCES,
  ...FLIP_SENTENCES,
  ...GATE_SENTENCES,
  ...LOOKUP_SENTENCES,
  ...PLAN_SENTENCES,
  ...ROLLBACK_SENTENCES,
  ...START_SENTENCES,
};

export const REASON_CODES = Object.keys(SENTENCES) as readonly ReasonCode[];

/** One plain sentence for each reason, joined by semicolons. */
export function describeReason(reason: Reason | readonly Reason[]): string {
  if (isList(reason)) return reason.map(describeReason).join("; ");
  const describe = SENTENCES[reason.code] as Sentences<{ readonly code: string }>[string];
  return describe(reason, describeReason);
}

export function explain(reason: Reason): Explained {
  return { ...reason, message: describeReason(reason) };
}

/** Whether two reasons have the same code and the same data. */
export function isSameReason(a: Reason, b: Reason): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isList(reason: Reason | readonly Reason[]): reason is readonly Reason[] {
  return Array.isArray(reason);
}
