import {
  type AlarmHistoryItem,
  AlarmType,
  type CloudWatchClient,
  type MetricAlarm,
  paginateDescribeAlarmHistory,
  paginateDescribeAlarms,
} from "@aws-sdk/client-cloudwatch";
import type { AlarmReading } from "../core/gate/evaluate-gate.ts";
import { chunk } from "../core/lookup/chunk.ts";
import type { AlarmState } from "../core/reason-types.ts";
import { formatTime } from "../core/report/text-layout.ts";

/** The time limit of all calls of a reading. */
const READING_MS = 30_000;

/**
 * Reads the state of alarms of every type; needs `cloudwatch:DescribeAlarms` and `cloudwatch:DescribeAlarmHistory`. It
 * never throws for an error of CloudWatch: an alarm that does not exist is `missing`, and an alarm that could not be read
 * is `unreadable`, with the error's name.
 */
export function createAlarmReader(client: CloudWatchClient, readingMs = READING_MS) {
  return async (names: readonly string[], sinceMs?: number): Promise<readonly AlarmReading[]> => {
    const asked: Asked = { client, sinceMs, abortSignal: AbortSignal.timeout(readingMs) };
    // One call takes a hundred names.
    const groups = chunk([...new Set(names)]).map((group) => readGroup(asked, group));
    return (await Promise.all(groups)).flat();
  };
}

interface Asked {
  readonly client: CloudWatchClient;
  /** An alarm that rang since then is in ALARM, also when it is OK again. */
  readonly sinceMs: number | undefined;
  readonly abortSignal: AbortSignal;
}

/** An alarm that was read before an error counts: an alarm in ALARM must stop the rollout. */
async function readGroup(asked: Asked, names: readonly string[]): Promise<readonly AlarmReading[]> {
  const { client, abortSignal } = asked;
  const readings = new Map<string, AlarmReading>();
  let problem: string | undefined;
  try {
    // Without types, CloudWatch gives metric alarms only.
    const named = { AlarmNames: [...names], AlarmTypes: Object.values(AlarmType) };
    const pages = paginateDescribeAlarms({ client, ...PAGES }, named, { abortSignal });
    for await (const { MetricAlarms = [], CompositeAlarms = [], LogAlarms = [] } of pages) {
      const alarms = [...MetricAlarms, ...CompositeAlarms, ...LogAlarms];
      const read = await Promise.all(alarms.map((alarm) => readAlarm(asked, alarm)));
      for (const reading of read) readings.set(reading.name, reading);
    }
  } catch (error) {
    problem = nameOf(error);
  }
  return names.map((name) => {
    const absent: AlarmReading = problem === undefined ? { name, state: "missing" } : unreadable(name, problem);
    return readings.get(name) ?? absent;
  });
}

const PAGES = { pageSize: 100, stopOnSameToken: true };

type AnyAlarm = Pick<MetricAlarm, "AlarmName" | "StateValue" | "StateReason" | "StateTransitionedTimestamp">;

/** Only the history of an alarm that has changed since shows whether it rang in between. */
async function readAlarm({ client, sinceMs, abortSignal }: Asked, alarm: AnyAlarm): Promise<AlarmReading> {
  const { AlarmName: name = "", StateTransitionedTimestamp: changedAt } = alarm;
  const reading = toReading(name, alarm);
  if (sinceMs === undefined || reading.state === "ALARM") return reading;
  if (changedAt !== undefined && changedAt.getTime() < sinceMs) return reading;
  try {
    const changes = { AlarmName: name, AlarmTypes: Object.values(AlarmType), HistoryItemType: "StateUpdate" } as const;
    const since = { ...changes, StartDate: new Date(sinceMs) };
    const pages = paginateDescribeAlarmHistory({ client, ...PAGES }, since, { abortSignal });
    for await (const { AlarmHistoryItems = [] } of pages) {
      const rang = AlarmHistoryItems.find(isRing);
      if (rang === undefined) continue;
      const at = formatTime(String(rang.Timestamp?.toISOString()));
      return { name, state: "ALARM", reason: `at ${at}; since then ${reading.state}` };
    }
    return reading;
  } catch (error) {
    return unreadable(name, nameOf(error));
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html */
function isRing({ HistoryData = "{}" }: AlarmHistoryItem): boolean {
  const { newState } = JSON.parse(HistoryData) as { readonly newState?: { readonly stateValue?: string } };
  return newState?.stateValue === "ALARM";
}

/** An error's message may contain the role and the account. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}

const STATES: readonly AlarmState[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/** An unknown state does not pass a gate. */
function toReading(name: string, alarm: Pick<MetricAlarm, "StateValue" | "StateReason">): AlarmReading {
  const state = STATES.find((known) => known === alarm.StateValue);
  return state === undefined
    ? unreadable(name, `its state is ${alarm.StateValue ?? "missing"}`)
    : { name, state, reason: alarm.StateReason };
}

function unreadable(name: string, reason: string): AlarmReading {
  return { name, state: "unreadable", reason };
}
