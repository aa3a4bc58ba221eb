import * as z from "zod";
import { FlipEvent } from "./deploy-event.ts";
import { wholeNumber } from "./limits.ts";
import { type Problem, strictObject, toPath } from "./problems.ts";
import { findUnknownStrategies, type Names } from "./strategy.ts";
import type { Target } from "./target.ts";

const ACTION = 'expected "stage" (to the staging servers) or "promote" (to the production servers)';
/** Of an hour, so that a delivery which is sent again the next day starts nothing. */
const USUAL_MINUTES = 60;
const MOST_MINUTES = 7 * 24 * 60;

/** What a delivery asks for, in the operator's words: a payload chooses neither action nor targets. */
export function DeployEventTemplate<From extends z.ZodType<string>>(from: From) {
  const { action, targets, exclude, dryRun, release, strategy, onFailure, onBusy } = FlipEvent.shape;
  return strictObject({
    action: z
      .enum(action.options, { error: ACTION })
      .describe("`stage` or `promote`, as in a deploy event; nothing from outside undoes a rollout"),
    targets,
    exclude,
    dryRun,
    strategy,
    onFailure,
    onBusy,
    release: z
      .union([strictObject({ from }), strictObject({ name: release })], {
        error: 'expected { "from": where the release\'s name stands in the delivery } or { "name": a fixed name }',
      })
      .describe("where the release's name is taken from, or a fixed name"),
    notAfterMinutes: wholeNumber(1, MOST_MINUTES)
      .default(USUAL_MINUTES)
      .describe("how long after the delivery's own time it may still begin, in minutes; a dispatch has no time"),
  }).describe("the deploy event that a fitting delivery becomes");
}

export type DeployEventTemplate = z.output<ReturnType<typeof DeployEventTemplate<z.ZodType<string>>>>;

/** Cohorts and strategies that an order names and the policy does not have: found before anything needs them. */
export function findUnknownNames(
  { targets, exclude = [], strategy }: DeployEventTemplate,
  { cohorts, strategies }: Names,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const unknown = [...new Set([...targets, ...exclude].flatMap(toCohort))]
    .filter((cohort) => !Object.hasOwn(cohorts, cohort))
    .map((cohort) => ({
      path: toPath(path),
      message: `got the cohort "${cohort}"; expected one of the policy's cohorts`,
    }));
  return [...unknown, ...findUnknownStrategies(strategy, { cohorts, strategies }, [...path, "strategy"])];
}

function toCohort(target: Target): readonly string[] {
  return "cohort" in target ? [target.cohort] : [];
}
