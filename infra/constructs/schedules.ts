import { Annotations, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
  TimeWindow,
} from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Construct } from "constructs";
import * as z from "zod";
import { refuseConfig } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/contract/accept-deploy-event.ts";
import type { DeployEvent } from "../../lambda/contract/deploy-event.ts";
import { wholeNumber } from "../../lambda/contract/limits.ts";
import { memberOf } from "../../lambda/contract/member-of.ts";
import type { Policy } from "../../lambda/contract/policy.ts";
import { findProblems, type Problem, strictObject } from "../../lambda/contract/problems.ts";
import { RefusedError } from "../../lambda/contract/refused-error.ts";
import { rightFor } from "../../lambda/contract/rights.ts";
import { readScheduled } from "../../lambda/triggers/scheduler.ts";
import { findSkippedDay, findWrongTime } from "../schedule-times.ts";
import { findSecretValues } from "../secret-values.ts";
import { wholeDuration } from "../whole-duration.ts";
import type { Cutover } from "./cutover.ts";

const NAME = "expected 1 to 36 letters, digits, _ and -";
const NAMES = "expected a different name for each schedule";
const EXPRESSION = 'expected a ScheduleExpression, such as ScheduleExpression.cron({ minute: "0", hour: "2" })';
const DEFAULT_MAX_AGE = Duration.hours(1);

/** A deploy event that EventBridge Scheduler sends. */
const CutoverSchedule = strictObject({
  /** Unique in the environment. The ids of the schedule's rollouts contain the name. */
  name: z.string({ error: NAME }).regex(/^[\w-]{1,36}$/, NAME),
  /** The times and the time zone; a cron expression follows the zone's summer time. */
  expression: z
    .custom<ScheduleExpression>((expression) => expression instanceof ScheduleExpression, EXPRESSION)
    .superRefine((expression, { addIssue }) => {
      const wrong = findWrongTime(expression);
      if (wrong === undefined) return;
      addIssue({ code: "custom", message: wrong.expected, params: { got: wrong.got }, input: expression });
    }),
  /** The deploy event, which the policy must allow. It has no id: the schedule's name and time give the id. */
  event: z.custom<z.input<typeof DeployEvent>>(),
  /**
   * An event that arrives later than this after the scheduled time is refused.
   * @default Duration.hours(1)
   */
  maxAge: wholeDuration("minutes", 1, 1_440).optional(),
  /** The window in which Scheduler may send the event; less than `maxAge`. @default - at the scheduled minute */
  flexibleWindow: wholeDuration("minutes", 1, 1_439).optional(),
  /** How often Scheduler repeats a call of the front door that failed. @default 3 */
  retries: wholeNumber(0, 185).optional(),
  /** @default true */
  enabled: z.boolean({ error: "expected true or false" }).optional(),
}).refine(({ flexibleWindow, maxAge = DEFAULT_MAX_AGE }) => (flexibleWindow?.toMinutes() ?? 0) < maxAge.toMinutes(), {
  path: ["flexibleWindow"],
  error: "expected less than maxAge, because the event could arrive too late",
});
export type CutoverSchedule = z.input<typeof CutoverSchedule>;

export const CutoverSchedules = z
  .array(CutoverSchedule, { error: "expected a list of schedules" })
  .refine((schedules) => new Set(schedules.map(({ name }) => name)).size === schedules.length, NAMES);

export interface SchedulesProps {
  readonly cutover: Cutover;
  readonly schedules: readonly CutoverSchedule[];
}

/** The scheduled deploy events. Each has a maximum age, so that last night's promote never runs at noon. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { cutover, schedules }: SchedulesProps) {
    super(scope, id);
    const problems = findScheduleProblems(schedules, cutover.policy);
    if (problems.length > 0) throw refuseConfig("the list of schedules", problems);
    const scheduleGroup = new ScheduleGroup(this, "Group", { removalPolicy: RemovalPolicy.DESTROY });
    const role = this.#makeRole(scheduleGroup.scheduleGroupArn);
    const { queue: deadLetterQueue } = cutover.deadLetters;
    const rights = new Set(schedules.map(({ event }) => rightFor(event)));
    for (const right of rights) cutover.frontDoor.grant(right, role);
    role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [deadLetterQueue.queueArn] }));
    for (const { name, expression, event, maxAge = DEFAULT_MAX_AGE, flexibleWindow, ...schedule } of schedules) {
      const skipped = findSkippedDay(expression);
      if (skipped !== undefined)
        Annotations.of(this).addWarningV2(
          `cutover:summer-time-${name}`,
          `the schedule ${name} does not run on ${skipped}: summer time in ${expression.timeZone?.timezoneName} skips its time; choose a time that each day has`,
        );
      const context = { arn: ContextAttribute.scheduleArn, scheduledTime: ContextAttribute.scheduledTime };
      new Schedule(this, name, {
        // The name is part of the ARN, and so of the rollout's id.
        scheduleName: name,
        schedule: expression,
        scheduleGroup,
        enabled: schedule.enabled ?? true,
        timeWindow: flexibleWindow ? TimeWindow.flexible(flexibleWindow) : TimeWindow.off(),
        target: new LambdaInvoke(cutover.frontDoor.aliases[rightFor(event)], {
          // The role has all permissions. CDK would add every version of the function.
          role: role.withoutPolicyUpdates(),
          deadLetterQueue,
          maxEventAge: maxAge,
          retryAttempts: schedule.retries ?? 3,
          input: ScheduleTargetInput.fromObject(toEnvelope(event, maxAge, context)),
        }),
      });
    }
  }

  /** Only schedules of this group can use the role. */
  #makeRole(scheduleGroupArn: string): Role {
    const conditions = {
      StringEquals: { "aws:SourceAccount": Stack.of(this).account, "aws:SourceArn": scheduleGroupArn },
    };
    return new Role(this, "Role", { assumedBy: new ServicePrincipal("scheduler.amazonaws.com", { conditions }) });
  }
}

function findScheduleProblems(schedules: readonly CutoverSchedule[], policy: Policy): readonly Problem[] {
  const secrets = findSecretValues(schedules);
  if (secrets.length > 0) return secrets;
  const { error } = CutoverSchedules.safeParse(schedules);
  return [...(error ? findProblems(error, schedules) : []), ...findRefusedEvents(schedules, policy)];
}

/** The problems of the schedules' events, as the front door would report them. The schedules may be malformed. */
export function findRefusedEvents(schedules: unknown, policy: Policy): readonly Problem[] {
  return (Array.isArray(schedules) ? schedules : []).flatMap((schedule, index) =>
    findEventProblems(memberOf(schedule, "event"), policy).map(({ path, message }) => ({
      path: `[${index}].${path}`,
      message,
    })),
  );
}

function findEventProblems(event: unknown, policy: Policy): readonly Problem[] {
  const someArn = "arn:aws:scheduler:us-east-1:000000000000:schedule/group/name";
  const envelope = toEnvelope(event, DEFAULT_MAX_AGE, { arn: someArn, scheduledTime: "2026-11-23T02:00:00Z" });
  try {
    acceptDeployEvent(readScheduled(envelope), policy);
    return [];
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { problems = [] } = error.refusal;
    if (problems.length === 0) return [{ path: "event", message: error.message }];
    // Problems of the envelope have paths below "event", problems of the event do not.
    const toWhole = (path: string) => (/^event\b/.test(path) ? path : `event.${path}`);
    return problems.map(({ path, message }) => ({ path: toWhole(path), message }));
  }
}

function toEnvelope(
  event: unknown,
  maxAge: Duration,
  context: { readonly arn: string; readonly scheduledTime: string },
) {
  return { schedule: { ...context, maxAgeMinutes: maxAge.toMinutes() }, event };
}
