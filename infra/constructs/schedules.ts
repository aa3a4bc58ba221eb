import { Duration, RemovalPolicy, Stack, TimeZone } from "aws-cdk-lib";
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
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { BadConfigError } from "../../lambda/config.ts";
import { acceptDeployEvent } from "../../lambda/events/accept.ts";
import type { Policy } from "../../lambda/events/policy.ts";
import { formatProblems, type Problem } from "../../lambda/events/problems.ts";
import { RefusedError } from "../../lambda/events/refused-error.ts";
import { readScheduled } from "../../lambda/events/scheduled.ts";
import { findExpressionProblem } from "../schedule-expression.ts";
import type { Start } from "./front-door.ts";

/** A deploy event that is sent again and again. */
export interface CutoverSchedule {
  /** Its name, unique in the deployment; the rollouts that it starts are named for it. */
  readonly name: string;
  /** `cron(0 2 * * ? *)`, `rate(1 day)` or `at(2026-12-01T02:00:00)`, as EventBridge Scheduler reads it. */
  readonly expression: string;
  /** The deploy event to send; the policy must allow it. */
  readonly event: Readonly<Record<string, unknown>>;
  /**
   * The IANA time zone of the expression; a cron follows its summer time.
   * @default "Etc/UTC"
   */
  readonly timeZone?: string | undefined;
  /**
   * After how many minutes the event is too late to be carried out, counted from the scheduled time.
   * @default 60
   */
  readonly maxAgeMinutes?: number | undefined;
  /**
   * Within how many minutes Scheduler may choose the moment; less than `maxAgeMinutes`.
   * @default - at the scheduled minute
   */
  readonly flexibleMinutes?: number | undefined;
  /**
   * How often Scheduler tries again when the front door cannot be reached.
   * @default 3
   */
  readonly retries?: number | undefined;
  /** @default true */
  readonly enabled?: boolean | undefined;
}

export interface SchedulesProps {
  readonly schedules: readonly CutoverSchedule[];
  readonly policy: Policy;
  readonly start: Start;
  readonly deadLetters: IQueue;
}

const DEFAULTS = { timeZone: "Etc/UTC", maxAgeMinutes: 60, retries: 3 };

/** The deploy events that time sends, each with a largest age, so that last night's promote never runs at noon. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { schedules, policy, start, deadLetters }: SchedulesProps) {
    super(scope, id);
    const problems = schedules.flatMap((schedule, index) => findScheduleProblems(schedule, index, policy));
    if (problems.length > 0) throw new BadConfigError(`the schedules were refused:\n${formatProblems(problems)}`);
    const scheduleGroup = new ScheduleGroup(this, "Group", { removalPolicy: RemovalPolicy.DESTROY });
    const role = this.#makeRole(scheduleGroup.scheduleGroupArn);
    role.addToPolicy(
      new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [start.function.functionArn] }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [deadLetters.queueArn] }));
    for (const schedule of schedules) {
      const { name, expression, timeZone, maxAgeMinutes, flexibleMinutes, retries, enabled = true } = toWhole(schedule);
      new Schedule(this, name, {
        // Unique in its group; it stands in the ARN, and so in the rollout's id.
        scheduleName: name,
        schedule: ScheduleExpression.expression(expression, TimeZone.of(timeZone)),
        scheduleGroup,
        enabled,
        timeWindow: flexibleMinutes ? TimeWindow.flexible(Duration.minutes(flexibleMinutes)) : TimeWindow.off(),
        target: new LambdaInvoke(start.function, {
          // What the role may do is said above: CDK would add every version of the function.
          role: role.withoutPolicyUpdates(),
          deadLetterQueue: deadLetters,
          maxEventAge: Duration.minutes(maxAgeMinutes),
          retryAttempts: retries,
          input: ScheduleTargetInput.fromObject(
            toEnvelope(schedule, ContextAttribute.scheduleArn, ContextAttribute.scheduledTime),
          ),
        }),
      });
    }
  }

  /** A role that only schedules of this group can use. */
  #makeRole(scheduleGroupArn: string): Role {
    const conditions = {
      StringEquals: { "aws:SourceAccount": Stack.of(this).account, "aws:SourceArn": scheduleGroupArn },
    };
    return new Role(this, "Role", { assumedBy: new ServicePrincipal("scheduler.amazonaws.com", { conditions }) });
  }
}

/**
 * What is wrong with a schedule's own event and times, with the path of each, as the front door would find out at night.
 * The index is the schedule's place in the list.
 */
export function findScheduleProblems(schedule: CutoverSchedule, index: number, policy: Policy): readonly Problem[] {
  const path = `schedules[${index}]`;
  const { timeZone, maxAgeMinutes, flexibleMinutes = 0 } = toWhole(schedule);
  const zone = `got ${JSON.stringify(timeZone)}; expected an IANA time zone such as "Europe/Berlin"`;
  const flexible = `got ${flexibleMinutes}; expected less than maxAgeMinutes (${maxAgeMinutes}): the event could come when it is too late already`;
  const expression = findExpressionProblem(schedule.expression);
  const got = `got ${JSON.stringify(schedule.expression)}`;
  return [
    ...(expression === undefined ? [] : [{ path: `${path}.expression`, message: `${got}; ${expression}` }]),
    ...(isTimeZone(timeZone) ? [] : [{ path: `${path}.timeZone`, message: zone }]),
    ...(flexibleMinutes < maxAgeMinutes ? [] : [{ path: `${path}.flexibleMinutes`, message: flexible }]),
    ...findEventProblems(schedule, `${path}.event`, policy),
  ];
}

function findEventProblems(schedule: CutoverSchedule, path: string, policy: Policy): readonly Problem[] {
  const someArn = "arn:aws:scheduler:us-east-1:000000000000:schedule/group/name";
  try {
    acceptDeployEvent(readScheduled(toEnvelope(schedule, someArn, "2026-11-23T02:00:00Z")), policy);
    return [];
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.problems.length === 0) return [{ path, message: error.message }];
    return error.problems.map((problem) => ({
      // The envelope names the event's members below "event", the event itself does not.
      path: `${path}.${problem.path.replace(/^event\./, "")}`,
      message: problem.message,
    }));
  }
}

function toEnvelope(schedule: CutoverSchedule, arn: string, scheduledTime: string) {
  return { schedule: { arn, scheduledTime, maxAgeMinutes: toWhole(schedule).maxAgeMinutes }, event: schedule.event };
}

function toWhole(schedule: CutoverSchedule) {
  return {
    ...schedule,
    timeZone: schedule.timeZone ?? DEFAULTS.timeZone,
    maxAgeMinutes: schedule.maxAgeMinutes ?? DEFAULTS.maxAgeMinutes,
    retries: schedule.retries ?? DEFAULTS.retries,
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
