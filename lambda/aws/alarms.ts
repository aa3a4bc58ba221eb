import { AlarmType, type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { AlarmReading } from "../core/gate/evaluate-gate.ts";
import { chunk } from "../core/lookup/chunk.ts";
import type { AlarmState } from "../core/reason-types.ts";

/** CloudWatch puts at most this many alarms into one page. */
const PAGE_SIZE = 100;
/** More pages than the alarms of one call can have. */
const MOST_PAGES = 10;
/** The time limit of all calls of a reading. A gate reads the alarms once a minute. */
const READING_MS = 30_000;

/**
 * Reads the state of alarms of every type; needs `cloudwatch:DescribeAlarms`. It never throws for an error of CloudWatch:
 * an alarm that does not exist is `missing`, and an alarm that could not be read is `unreadable`, with the error's name.
 */
export function createAlarmReader(client: CloudWatchClient, readingMs = READING_MS) {
  return async (names: readonly string[]): Promise<readonly AlarmReading[]> => {
    const abortSignal = AbortSignal.timeout(readingMs);
    // One call takes a hundred names.
    const groups = chunk([...new Set(names)]).map((group) => readGroup(client, group, abortSignal));
    return (await Promise.all(groups)).flat();
  };
}

/** An alarm that was read before an error counts: an alarm in ALARM must stop the rollout. */
async function readGroup(
  client: CloudWatchClient,
  names: readonly string[],
  abortSignal: AbortSignal,
): Promise<readonly AlarmReading[]> {
  const readings = new Map<string, AlarmReading>();
  const problem = await collectReadings(client, names, { readings, abortSignal }).catch(nameOf);
  return names.map((name) => {
    const absent: AlarmReading = problem === undefined ? { name, state: "missing" } : unreadable(name, problem);
    return readings.get(name) ?? absent;
  });
}

/** Reads page by page; returns the problem that ended the reading early. */
async function collectReadings(
  client: CloudWatchClient,
  names: readonly string[],
  { readings, abortSignal }: { readonly readings: Map<string, AlarmReading>; readonly abortSignal: AbortSignal },
): Promise<string | undefined> {
  let nextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const command = new DescribeAlarmsCommand({
      AlarmNames: [...names],
      // Without types, CloudWatch gives metric alarms only.
      AlarmTypes: Object.values(AlarmType),
      MaxRecords: PAGE_SIZE,
      NextToken: nextToken,
    });
    const {
      MetricAlarms = [],
      CompositeAlarms = [],
      LogAlarms = [],
      ...reply
    } = await client.send(command, { abortSignal });
    for (const alarm of [...MetricAlarms, ...CompositeAlarms, ...LogAlarms]) {
      if (alarm.AlarmName !== undefined) readings.set(alarm.AlarmName, toReading(alarm.AlarmName, alarm));
    }
    if (!reply.NextToken) return undefined;
    nextToken = reply.NextToken;
  }
  return `more than ${MOST_PAGES} pages`;
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

/** An error's message may contain the role and the account. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}
